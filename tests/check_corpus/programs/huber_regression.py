import numpy as np


def huber(w, b, X, y, delta):
    r = X @ w + b - y
    small = np.abs(r) <= delta
    values = np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta))
    f = values.sum()

    df_dr = np.where(small, r, delta * np.sign(r))
    df_dw = X.T @ df_dr
    df_db = df_dr.sum()
    return f, df_dw, df_db
