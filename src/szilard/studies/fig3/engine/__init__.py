"""The noise of minibatch gradients along the training of many members: what the paper's Figure 3 is made of."""
