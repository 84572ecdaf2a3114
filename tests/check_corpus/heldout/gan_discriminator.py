import numpy as np


def disc(x, p):
    h = x @ p["A"] + p["a"]
    act = np.where(h > 0, h, 0.2 * h)
    return act @ p["B"] + p["b"], (x, h, act)


def disc_grad(dlogit, tape, p, store):
    x, h, act = tape
    store["B"] += act.T @ dlogit
    store["b"] += dlogit.sum(0)
    dact = dlogit @ p["B"].T
    dh = dact * np.where(h > 0, 1.0, 0.2)
    store["A"] += x.T @ dh
    store["a"] += dh.sum(0)
    return dh @ p["A"].T


def discriminator_step(p, real, fake, smooth=0.9):
    logit_r, tape_r = disc(real, p)
    logit_f, tape_f = disc(fake, p)
    loss_real = np.mean(np.logaddexp(0, -logit_r) + (1 - smooth) * logit_r)
    loss_fake = np.mean(np.logaddexp(0, logit_f))
    loss = loss_real + loss_fake

    prob_r = 1 / (1 + np.exp(-logit_r))
    prob_f = 1 / (1 + np.exp(-logit_f))
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    disc_grad((prob_r - smooth) / logit_r.size, tape_r, p, grads)
    dfake = disc_grad(prob_f / logit_f.size, tape_f, p, grads)
    return loss, grads, dfake
