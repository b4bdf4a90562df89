"""Training an ensemble: the paper's network on MNIST, 50 members, plain SGD, against what one would otherwise write.

    python benchmarks/ensemble_training.py [--batches 1 10 100] [--repeats 5] [--chunks 10] [--skip compiled jax]
    python benchmarks/ensemble_training.py --cores 1 --cpu-time      (where other programs run beside it)

Everybody trains the same members on the same pool with batches that are drawn with replacement, gathers its own inputs,
and does the same number of steps. Peers get their draws ready made; ours makes its own. PyTorch's peers have all cores
within an operation, JAX has all cores, ours has one thread a core with chunks of its own. Repeats are interleaved, and
medians are compared. Compiling is not counted, and its time is printed.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F
from machine import machine
from mlp import mnist, network
from torch import Tensor
from torch.func import functional_call, grad, vmap

from szilard.ensemble.trainer import Cohort, make_trainer, suggested_chunk
from szilard.training import SGD, Training

MEMBERS, SIZE, RATE = 50, 1000, 0.05
DRAWS = 4096
Run = Callable[[int], None]


def data() -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, and each member's examples and labels."""
    inputs, labels, _ = mnist()
    generator = torch.Generator().manual_seed(0)
    index = torch.stack([torch.randperm(len(inputs), generator=generator)[:SIZE] for _ in range(MEMBERS)])
    return inputs, index, labels[index]


def draws(index: Tensor, labels: Tensor, batch: int) -> tuple[Tensor, Tensor]:
    """Rows of the pool and labels, ``(members, steps, batch)``: as many steps as are ever asked for in a row."""
    steps = max(64, DRAWS // batch)
    chosen = torch.randint(SIZE, (MEMBERS, steps, batch), generator=torch.Generator().manual_seed(1))
    member = torch.arange(MEMBERS)[:, None, None]
    return index[member, chosen], labels[member, chosen]


def stacked(first: int, members: int) -> dict[str, Tensor]:
    """Parameters of some members, one above the other."""
    models = [network(seed) for seed in range(first, first + members)]
    names = [name for name, _ in models[0].named_parameters()]
    return {name: torch.stack([model.get_parameter(name).detach() for model in models]) for name in names}


def plain_loop(batch: int) -> Run:
    """One model after the other."""
    inputs, index, labels = data()
    rows, told = draws(index, labels, batch)
    models = [network(seed) for seed in range(MEMBERS)]
    optimizers = [torch.optim.SGD(model.parameters(), RATE) for model in models]

    def run(steps: int) -> None:
        for member, (model, optimizer) in enumerate(zip(models, optimizers, strict=True)):
            for step in range(steps):
                loss = F.cross_entropy(model(inputs[rows[member, step]]), told[member, step])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return run


def by_vmap(batch: int, chunk: int, compiled: bool) -> Run:
    """``vmap`` of ``grad`` on chunks of members; the update is compiled along where anything is."""
    inputs, index, labels = data()
    rows, told = draws(index, labels, batch)
    skeleton = network()
    chunks = [stacked(first, min(chunk, MEMBERS - first)) for first in range(0, MEMBERS, chunk)]

    def loss(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(skeleton, parameters, (x,)), y)

    def update(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> None:
        for name, gradient in vmap(grad(loss))(parameters, x, y).items():
            parameters[name].sub_(gradient, alpha=RATE)

    step_of = torch.compile(update, dynamic=False) if compiled else update

    @torch.no_grad()
    def run(steps: int) -> None:
        for number, parameters in enumerate(chunks):
            mine = slice(number * chunk, number * chunk + chunk)
            for step in range(steps):
                step_of(parameters, inputs[rows[mine, step]], told[mine, step])

    return run


def by_jax(batch: int, chunk: int) -> Run:
    """``vmap`` over members within ``scan`` over steps, compiled whole."""
    import jax
    import jax.numpy as jnp

    inputs, index, labels = data()
    rows, told = (jnp.asarray(each.to(torch.int32).numpy()) for each in draws(index, labels, batch))
    pool = jnp.asarray(inputs.numpy())
    parts = [stacked(first, min(chunk, MEMBERS - first)) for first in range(0, MEMBERS, chunk)]
    chunks = [{name: jnp.asarray(value.numpy()) for name, value in part.items()} for part in parts]
    layers = sorted({name.split(".")[0] for name in parts[0]}, key=int)

    def loss(parameters: dict, x: jax.Array, y: jax.Array) -> jax.Array:
        for layer in layers:
            x = x @ parameters[f"{layer}.weight"].T + parameters[f"{layer}.bias"]
            x = jax.nn.relu(x) if layer != layers[-1] else x
        return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()

    @jax.jit
    def train(parameters: dict, pool: jax.Array, rows: jax.Array, told: jax.Array) -> dict:
        def step(parameters: dict, batch: tuple) -> tuple[dict, None]:
            gradients = jax.vmap(jax.grad(loss))(parameters, pool[batch[0]], batch[1])
            return jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients), None

        return jax.lax.scan(step, parameters, (rows.swapaxes(0, 1), told.swapaxes(0, 1)))[0]

    def run(steps: int) -> None:
        for number in range(len(chunks)):
            mine = slice(number * chunk, number * chunk + chunk)
            chunks[number] = train(chunks[number], pool, rows[mine, :steps], told[mine, :steps])
            jax.block_until_ready(chunks[number])

    return run


def ours(batch: int, cores: int) -> Run:
    """Chunks as suggested, one thread a core."""
    inputs, index, labels = data()
    bytes_of_one = sum(4 * parameter.numel() for parameter in network().parameters())
    chunk = suggested_chunk(bytes_of_one, batch, example_bytes=4 * (784 + 600), members=MEMBERS, workers=cores)
    training = Training(optimizer=SGD(lr=RATE), batch_size=batch, steps=1000, shuffle="replacement")
    trainers = []
    for first in range(0, MEMBERS, chunk):
        seeds = range(first, min(first + chunk, MEMBERS))
        cohort = Cohort(inputs, index[seeds.start : seeds.stop], labels[seeds.start : seeds.stop])
        trainers.append(
            make_trainer(network, training, cohort, initialisation_seeds=seeds, order_seeds=seeds, forward_seeds=seeds)
        )
    pool = ThreadPoolExecutor(cores)

    def run(steps: int) -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        list(pool.map(lambda trainer: trainer.advance(steps), trainers))
        torch.set_num_threads(threads)

    return run


def gemm_rate(clock: Callable[[], float]) -> float:
    """GFLOP/s of a large product in single precision on all cores."""
    a, b = torch.randn(2, 1536, 1536)
    torch.mm(a, b)
    begin = clock()
    for _ in range(4):
        torch.mm(a, b)
    return 4 * 2 * 1536**3 / (clock() - begin) / 1e9


def flops(batch: int) -> float:
    """Of one member's step, done in the plain way: forward, weight gradients, and input gradients above layer one."""
    products = [784 * 200, 200 * 200, 200 * 200, 200 * 10]
    return 2.0 * batch * (3 * sum(products) - products[0])


def contenders(batch: int, chunk: int, cores: int, skip: list[str]) -> dict[str, Run]:
    """Each by name, warm."""
    made: dict[str, Callable[[], Run]] = {
        "plain loop": lambda: plain_loop(batch),
        "eager vmap": lambda: by_vmap(batch, chunk, compiled=False),
        "compiled vmap": lambda: by_vmap(batch, chunk, compiled=True),
        "JAX": lambda: by_jax(batch, chunk),
        "ours": lambda: ours(batch, cores),
    }
    ready = {}
    for name, make in made.items():
        if any(word.lower() in name.lower() for word in skip):
            continue
        begin = time.perf_counter()
        try:
            ready[name] = make()
        except ImportError as error:
            print(f"  {name} is left out: {error}")
            continue
        ready[name](steps_of(batch))
        print(f"  {name}: ready after {time.perf_counter() - begin:.1f} s", flush=True)
    return ready


def steps_of(batch: int) -> int:
    """Steps of every member in a repeat, so that one takes a fraction of a second; whole blocks of deferred updates."""
    return {1: 64, 10: 16}.get(batch, 4)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chunks", type=int, default=10, help="members at once, for the peers that work in chunks")
    parser.add_argument("--skip", nargs="*", default=[], help="contenders to leave out")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="threads of every contender")
    parser.add_argument(
        "--cpu-time", action="store_true", help="the processor's time, with --cores 1 on a busy machine"
    )
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    torch.set_num_threads(options.cores)
    if options.cores == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    print(machine())
    best_ratios, jax_ratios = [], []
    for batch in options.batches:
        print(f"|b| = {batch}")
        runs, steps = contenders(batch, options.chunks, options.cores, options.skip), steps_of(batch)
        times: dict[str, list[float]] = {name: [] for name in runs}
        rates = []
        for _ in range(options.repeats):
            rates.append(gemm_rate(clock))
            for name, run in runs.items():
                begin = clock()
                run(steps)
                times[name].append((clock() - begin) / steps / MEMBERS * 1e6)
        median = {name: statistics.median(each) for name, each in times.items()}
        rate = statistics.median(rates)
        for name, each in median.items():
            share = flops(batch) / each / 1e3 / rate
            print(
                f"  {name:14s} {each:8.1f} µs per member-step  {each / median['ours']:5.2f} × ours"
                f"  {share:6.1%} of {rate:.0f} GFLOP/s"
            )
        peers = [each for name, each in median.items() if name not in ("ours", "JAX")]
        if peers:
            best_ratios.append(min(peers) / median["ours"])
        if "JAX" in median:
            jax_ratios.append(median["JAX"] / median["ours"])
    for name, ratios in (("the best PyTorch peer", best_ratios), ("JAX", jax_ratios)):
        if ratios:
            mean = math.exp(statistics.fmean(map(math.log, ratios)))
            print(f"{name} takes {mean:.2f} × our time (geometric mean; worst {min(ratios):.2f} ×)")


if __name__ == "__main__":
    main()
