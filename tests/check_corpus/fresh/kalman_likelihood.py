import numpy as np


def filter_and_gradient(params, y):
    """Negative log-likelihood of a noisy AR(1) by the Kalman filter, and its reverse sweep.

    params: phi, log_q, log_r, mean and log_var of the first state.
    """
    phi = params['phi']
    q, r = np.exp(params['log_q']), np.exp(params['log_r'])
    m, P = params['mean'], np.exp(params['log_var'])
    nll = 0.0
    tape = []
    for obs in y:
        m_pred = phi * m
        P_pred = phi ** 2 * P + q
        S = P_pred + r
        v = obs - m_pred
        K = P_pred / S
        nll += 0.5 * (np.log(2 * np.pi * S) + v ** 2 / S)
        tape.append((m, P, P_pred, S, v, K))
        m = m_pred + K * v
        P = (1 - K) * P_pred

    m_bar = P_bar = 0.0
    phi_bar = q_bar = r_bar = 0.0
    for m, P, P_pred, S, v, K in reversed(tape):
        # m_new = m_pred + K v,  P_new = (1 - K) P_pred
        K_bar = m_bar * v - P_bar * P_pred
        v_bar = m_bar * K + v / S
        m_pred_bar = m_bar - v_bar
        # K = P_pred / S, and the likelihood term
        S_bar = 0.5 / S - 0.5 * v ** 2 / S ** 2 - K_bar * K / S
        P_pred_bar = P_bar * (1 - K) + K_bar / S + S_bar
        r_bar += S_bar
        # prediction
        q_bar += P_pred_bar
        phi_bar += m_pred_bar * m + 2 * phi * P * P_pred_bar
        m_bar = phi * m_pred_bar
        P_bar = phi ** 2 * P_pred_bar
    return nll, {
        'phi': phi_bar,
        'log_q': q_bar * q,
        'log_r': r_bar * r,
        'mean': m_bar,
        'log_var': P_bar * np.exp(params['log_var']),
    }
