"""What an object's own methods return and raise, heard without a word in anybody's code, and given up again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, final


@final
class Listening:
    """Listens to methods of one object, as a trainer's, until :meth:`stop`.

    Args:
        owner: the object; its class, and others of it, stay as they are.
    """

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._heard: dict[str, tuple[Callable[..., Any], Any]] = {}

    def to(
        self,
        name: str,
        *,
        given: Callable[..., None] | None = None,
        returned: Callable[[Any], None] | None = None,
        raised: Callable[[BaseException], None] | None = None,
    ) -> None:
        """From now on each call of a method is told of; nothing where the object has no such method.

        Args:
            name: of the method.
            given: called before it, with its arguments.
            returned: called after it, with what it returned.
            raised: called with what it raised, which is raised on.
        """
        method = getattr(self._owner, name, None)
        if method is None or name in self._heard:
            return

        @functools.wraps(method)
        def heard(*args: Any, **kwargs: Any) -> Any:
            if given is not None:
                given(*args, **kwargs)
            try:
                result = method(*args, **kwargs)
            except BaseException as error:
                if raised is not None:
                    raised(error)
                raise
            if returned is not None:
                returned(result)
            return result

        self._heard[name] = heard, vars(self._owner).get(name)
        setattr(self._owner, name, heard)

    def stop(self) -> None:
        """The object is as it was; where somebody else has replaced a method since, that stays."""
        for name, (heard, before) in self._heard.items():
            if vars(self._owner).get(name) is heard:
                if before is None:
                    delattr(self._owner, name)
                else:
                    setattr(self._owner, name, before)
        self._heard = {}
