import numpy as np


def ppo_loss(W, V, obs, actions, old_logp, advantages, returns, clip=0.2, c_value=0.5, c_entropy=0.01):
    n = obs.shape[0]
    rows = np.arange(n)
    logits = obs @ W
    logits = logits - logits.max(axis=1, keepdims=True)
    logp_all = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    probs = np.exp(logp_all)
    logp = logp_all[rows, actions]
    ratio = np.exp(logp - old_logp)
    unclipped = ratio * advantages
    clipped = np.clip(ratio, 1 - clip, 1 + clip) * advantages
    policy_loss = -np.minimum(unclipped, clipped).mean()
    values = obs @ V
    value_loss = ((values - returns) ** 2).mean()
    entropy = -(probs * logp_all).sum(axis=1)
    total = policy_loss + c_value * value_loss - c_entropy * entropy.mean()

    # policy part
    use_unclipped = unclipped <= clipped
    grad_ratio = -advantages * use_unclipped / n
    grad_logp = grad_ratio * ratio
    grad_logits = -probs * grad_logp[:, None]
    grad_logits[rows, actions] += grad_logp
    # entropy part
    grad_entropy = -c_entropy / n
    grad_logits += grad_entropy * (-probs * (logp_all + entropy[:, None]))
    grad_W = obs.T @ grad_logits
    # value part
    grad_values = c_value * 2 * (values - returns) / n
    grad_V = obs.T @ grad_values
    return total, grad_W, grad_V
