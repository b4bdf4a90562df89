"""The named run ``fig3``: the paper's Figure 3, all panels."""

from szilard.experiments.fig3.spec import Figure3, fig3

__all__ = ["Figure3", "fig3"]
