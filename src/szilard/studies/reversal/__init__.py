"""The study of training backwards, and how lazy the network is meanwhile."""
