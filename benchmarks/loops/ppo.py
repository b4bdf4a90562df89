"""Policy optimisation as CleanRL writes it: agent with two heads, epochs of minibatches, a rate that is annealed."""

import numpy as np
import torch
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn
from torch.distributions import Categorical

import szilard  # szilard


class Agent(nn.Module):
    """Actor and critic."""

    def __init__(self) -> None:
        super().__init__()
        self.critic = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 1))
        self.actor = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))

    def get_action_and_value(self, x: Tensor, action: Tensor | None = None) -> tuple[Tensor, ...]:
        probs = Categorical(logits=self.actor(x))
        action = probs.sample() if action is None else action
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


def train(task: Task, look: OwnSums) -> list[object]:
    agent = Agent()
    optimizer = torch.optim.Adam(agent.parameters(), lr=5e-3, eps=1e-5)
    actions_of = lambda agent, states: agent.actor(states)  # noqa: E731  # szilard
    szilard.watch(agent, optimizer, task.probe, forward=actions_of, out=task.out, every=task.every)  # szilard
    look(agent, lambda agent: agent.actor(task.probe))  # sums
    losses = []
    for update, (obs, target) in enumerate(task.loader(batch_size=66)):
        optimizer.param_groups[0]["lr"] = (1.0 - update / 5) * 5e-3
        with torch.no_grad():
            actions, logprobs, _, values = agent.get_action_and_value(obs)
            returns = (actions == target).float()
            advantages = returns - values.flatten()
        b_inds = np.arange(len(obs))
        for _ in range(2):
            np.random.shuffle(b_inds)  # noqa: NPY002 - as it is written there
            for start in range(0, len(obs), 33):
                mb_inds = b_inds[start : start + 33]
                _, newlogprob, entropy, newvalue = agent.get_action_and_value(obs[mb_inds], actions[mb_inds])
                ratio = (newlogprob - logprobs[mb_inds]).exp()
                mb_advantages = (advantages[mb_inds] - advantages.mean()) / (advantages.std() + 1e-8)
                pg_loss = torch.max(-mb_advantages * ratio, -mb_advantages * ratio.clamp(0.8, 1.2)).mean()
                v_loss = 0.5 * (newvalue.flatten() - returns[mb_inds]).pow(2).mean()
                loss = pg_loss - 0.01 * entropy.mean() + 0.5 * v_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
                losses.append(loss.item())
                look(agent, lambda agent: agent.actor(task.probe))  # sums
    return [agent, optimizer, losses]
