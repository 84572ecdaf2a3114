import numpy as np


def sigm(v):
    return 1.0 / (1.0 + np.exp(-v))


def gru_forward(x, h, Wz, Uz, Wr, Ur, Wn, Un):
    """z = s(Wz x + Uz h), r = s(Wr x + Ur h), n = tanh(Wn x + Un (r*h)); columns are samples."""
    z = sigm(Wz @ x + Uz @ h)
    r = sigm(Wr @ x + Ur @ h)
    rh = r * h
    n = np.tanh(Wn @ x + Un @ rh)
    h_new = (1 - z) * n + z * h
    return h_new, (x, h, Wz, Uz, Wr, Ur, Wn, Un, z, r, rh, n)


def gru_backward(dh_new, cache):
    x, h, Wz, Uz, Wr, Ur, Wn, Un, z, r, rh, n = cache

    dn = dh_new * (1 - z)
    dz = dh_new * (h - n)
    dh = dh_new * z

    dn_pre = dn * (1 - n * n)
    dWn = dn_pre @ x.T
    dUn = dn_pre @ rh.T
    dx = Wn.T @ dn_pre
    drh = Un.T @ dn_pre

    dr = drh * h
    dh += drh * r
    dr_pre = dr * r * (1 - r)
    dWr = dr_pre @ x.T
    dUr = dr_pre @ h.T
    dx += Wr.T @ dr_pre
    dh += Ur.T @ dr_pre

    dz_pre = dz * z * (1 - z)
    dWz = dz_pre @ x.T
    dUz = dz_pre @ h.T
    dx += Wz.T @ dz_pre
    dh += Uz.T @ dz_pre
    return dx, dh, dWz, dUz, dWr, dUr, dWn, dUn
