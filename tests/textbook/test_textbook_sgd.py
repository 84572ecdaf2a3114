"""Training by stochastic gradient descent (SPEC A9): steps, shuffling, monitors, interruption."""

from __future__ import annotations

import math
import os
import pty
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable

import numpy as np
import pytest
from textbook_cases import assert_all_close, assert_close, batch

from chainrule.errors import ArgumentError
from chainrule.textbook import History, Network, sgd
from chainrule.textbook.interruption import Interruption


def parameters(network: Network) -> list[np.ndarray]:
    return [part.copy() for part in network.weights + network.biases]


def reference_epochs(network, x, y, orders, size, eta, lmbda) -> None:
    """SPEC A9 as it stands: sums of single samples' gradients, one sample at a time."""
    n = x.shape[1]
    for order in orders:
        for start in range(0, n, size):
            picked = order[start : start + size]
            singles = [network.backprop(x[:, [i]], y[:, [i]]) for i in picked]
            for layer, (w, b) in enumerate(zip(network.weights, network.biases)):
                w *= 1 - eta * lmbda / n
                w -= eta / len(picked) * sum(s.nabla_w[layer] for s in singles)
                b -= eta / len(picked) * sum(s.nabla_b[layer] for s in singles)


@pytest.mark.parametrize("lmbda", [0.0, 2.0])
@pytest.mark.parametrize("size", [1, 4, 10, 100])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_sgd_is_the_update_of_the_book(lmbda: float, size: int, reduction: str) -> None:
    """SPEC A9, A4: w ← (1 − ηλ/n) w − (η/m) Σ δ aᵀ over shuffled mini-batches, the last smaller."""
    network, plain = (Network([5, 4, 3], seed=0, reduction=reduction) for _ in range(2))
    plain.reduction = "sum"
    x, y = batch(network, 10)
    network.SGD((x, y), 3, size, 0.5, lmbda, seed=9)
    rng = np.random.default_rng(9)
    reference_epochs(plain, x, y, [rng.permutation(10) for _ in range(3)], size, 0.5, lmbda)
    assert_all_close(parameters(network), parameters(plain), 1e-11)


def test_every_sample_is_used_once_an_epoch(monkeypatch) -> None:
    """SPEC A9: a new order each epoch, each a permutation."""
    orders = []
    original = sgd.run_epoch

    def noting(network, samples, order, *rest):
        orders.append(order.tolist())
        return original(network, samples, order, *rest)

    monkeypatch.setattr(sgd, "run_epoch", noting)
    network = Network([5, 4, 3], seed=0)
    network.SGD(batch(network, 50), 4, 8, 0.1)
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4


def test_training_is_reproducible() -> None:
    """SPEC A9: the same seed, the same bits; another seed, another order."""
    trained = []
    for seed in (1, 1, 2):
        network = Network([5, 4, 3], seed=0)
        network.SGD(batch(network, 30), 3, 7, 0.5, seed=seed)
        trained.append(parameters(network))
    assert all(np.array_equal(a, b) for a, b in zip(trained[0], trained[1]))
    assert not all(np.array_equal(a, b) for a, b in zip(trained[0], trained[2]))
    whole, parts = Network([5, 4, 3], seed=0), Network([5, 4, 3], seed=0)
    whole.SGD(batch(whole, 30), 4, 7, 0.5)
    for _ in range(2):  # the network's own stream goes on where it was
        parts.SGD(batch(parts, 30), 2, 7, 0.5)
    assert all(np.array_equal(a, b) for a, b in zip(parameters(whole), parameters(parts)))


def test_history_unpacks_as_the_books_four_lists() -> None:
    """network2.py returns evaluation cost and accuracy, training cost and accuracy."""
    network = Network([5, 4, 3], "cross_entropy", seed=0)
    data, other = batch(network, 30), batch(network, 12, seed=1)
    history = network.SGD(
        data,
        3,
        10,
        0.5,
        lmbda=0.3,
        evaluation_data=other,
        monitor_evaluation_cost=True,
        monitor_evaluation_accuracy=True,
        monitor_training_cost=True,
        monitor_training_accuracy=True,
    )
    evaluation_cost, evaluation_accuracy, training_cost, training_accuracy = history
    assert [len(figures) for figures in history] == [3, 3, 3, 3]
    assert evaluation_cost[-1] == network.total_cost(other, 0.3)
    assert evaluation_accuracy[-1] == network.accuracy(other)
    assert training_cost[-1] == network.total_cost(data, 0.3)
    assert training_accuracy[-1] == network.accuracy(data)
    assert training_cost[-1] < training_cost[0]
    assert history.epochs == 3
    assert history.stopped is None
    assert [len(figures) for figures in network.SGD(data, 2, 10, 0.5)] == [0, 0, 0, 0]


def test_the_first_chapters_call_works() -> None:
    """network.py: net.SGD(training_data, 30, 10, 3.0, test_data=test_data)."""
    network = Network([5, 4, 3], seed=0)
    history = network.SGD(batch(network, 30), 2, 10, 3.0, test_data=batch(network, 12))
    assert len(history.evaluation_accuracy) == 2
    assert network.evaluate(batch(network, 12)) == history.evaluation_accuracy[-1]
    with pytest.raises(ArgumentError, match="not both"):
        network.SGD(batch(network, 3), 1, 1, 0.1, test_data=[], evaluation_data=[])


def test_accuracy_counts_largest_outputs() -> None:
    """As in the book: a number of samples, for vectors and for labels."""
    network = Network([2, 3], activations="linear", seed=0)
    network.weights = [np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])]
    network.biases = [np.zeros((3, 1))]
    x = np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, -1.0, 3.0]])  # outputs' largest: 0, 1, 2, 1
    assert network.accuracy((x, np.array([0, 1, 2, 0]))) == 3
    assert network.accuracy((x, np.eye(3)[:, [0, 1, 2, 1]]), convert=True) == 4
    pairs = [(x[:, [i]], label) for i, label in enumerate([1, 1, 1, 1])]
    assert network.evaluate(pairs) == 2


def test_accuracy_of_a_single_output_is_read_at_one_half() -> None:
    network = Network([1, 1], seed=0)
    network.weights, network.biases = [np.array([[1.0]])], [np.zeros((1, 1))]
    pairs = [(np.array([[v]]), y) for v, y in [(0.1, 1), (-0.1, 0), (1.0, 0), (-1.0, 1)]]
    assert network.accuracy(pairs) == 2
    with pytest.raises(ArgumentError, match="single tanh output has no meaning"):
        Network([1, 1], activations="tanh", seed=0).accuracy(pairs)


def test_total_cost_is_the_mean_plus_the_penalty() -> None:
    """network2.py's total_cost: (1/n) Σ C_x + λ/2n Σ w², for either reduction."""
    for reduction in ("sum", "mean"):
        network = Network([5, 4, 3], seed=0, reduction=reduction)
        x, y = batch(network, 8)
        costs = network.backprop(x, y).cost_by_sample
        squares = sum((w**2).sum() for w in network.weights)
        assert_close(network.total_cost((x, y)), costs.mean())
        assert_close(network.total_cost((x, y), lmbda=3.0), costs.mean() + 3 / 16 * squares)
        assert_close(network.batch_cost(x, y), costs.sum() if reduction == "sum" else costs.mean())


def test_large_data_are_evaluated_in_blocks_to_the_same_figures() -> None:
    """Every block counts once, the last and shorter one too."""
    network = Network([5, 4, 3], "cross_entropy", seed=0)
    x, y = batch(network, 1000)
    record = network.backprop(x, y)
    assert_close(network.total_cost((x, y)), record.cost_by_sample.mean())
    labels = y.argmax(axis=0)
    right = int((record.a[-1].argmax(axis=0) == labels).sum())
    assert network.accuracy((x, y)) == network.accuracy((x, labels)) == right


def test_labels_cost_what_their_vectors_cost() -> None:
    network = Network([5, 3], seed=0)
    x, _ = batch(network, 4)
    labels = np.array([2, 0, 1, 2])
    assert network.total_cost((x, labels)) == network.total_cost((x, np.eye(3)[:, labels]))


def test_xor_is_learnt() -> None:
    """The classic: one hidden layer, targets given as plain numbers."""
    data = [(np.array([[a], [b]]), float(a != b)) for a in (0, 1) for b in (0, 1)]
    network = Network([2, 4, 1], "cross_entropy", seed=3)
    assert network.accuracy(data) < 4
    network.SGD(data, 600, 4, 5.0)
    assert network.accuracy(data) == 4
    assert network.total_cost(data) < 0.05


def test_early_stopping_brings_the_best_epoch_back(monkeypatch) -> None:
    """Stops after n epochs without a better accuracy, with the parameters of the best one."""
    accuracies = iter([3, 5, 4, 5, 5, 9, 9])
    seen = []
    network = Network([5, 4, 3], seed=0)

    def scripted(data):
        seen.append(parameters(network))
        return next(accuracies)

    monkeypatch.setattr(network, "accuracy", scripted)
    history = network.SGD(
        batch(network, 30), 20, 10, 0.5, evaluation_data=batch(network, 10), early_stopping_n=3
    )
    assert history.evaluation_accuracy == [3, 5, 4, 5, 5]
    assert history.epochs == 5
    assert history.best_epoch == 2
    assert history.stopped == (
        "no better evaluation accuracy for 3 epochs; the parameters are those of epoch 2"
    )
    assert all(np.array_equal(a, b) for a, b in zip(parameters(network), seen[1]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": -1}, "epochs must be an integer ≥ 0"),
        ({"epochs": 1.5}, "epochs must be an integer ≥ 0"),
        ({"mini_batch_size": 0}, "mini_batch_size must be an integer ≥ 1"),
        ({"mini_batch_size": 2.0}, "mini_batch_size must be an integer ≥ 1"),
        ({"eta": -0.1}, "eta must be a finite number ≥ 0"),
        ({"eta": math.nan}, "eta must be a finite number ≥ 0"),
        ({"lmbda": -1}, "lmbda must be a finite number ≥ 0"),
        ({"monitor_evaluation_cost": True}, "monitor_evaluation_cost needs evaluation_data"),
        ({"early_stopping_n": 3}, "early_stopping_n needs evaluation_data"),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_changes(change, words) -> None:
    network = Network([5, 4, 3], seed=0)
    before = parameters(network)
    options = {"epochs": 1, "mini_batch_size": 2, "eta": 0.1, **change}
    with pytest.raises(ArgumentError, match=words):
        network.SGD(batch(network, 6), **options)
    assert all(np.array_equal(a, b) for a, b in zip(parameters(network), before))


def interrupting(times: list[int]) -> Callable[..., object]:
    """A cost whose gradient sends this process an interrupt at its n-th calls."""
    calls = [0]

    def nabla_a(a, y):
        calls[0] += 1
        if calls[0] in times:
            os.kill(os.getpid(), signal.SIGINT)
        return a - y

    return (lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), nabla_a)


def test_ctrl_c_finishes_the_mini_batch_and_says_where_it_stopped(capsys) -> None:
    """SPEC A9: parameters are those after a whole mini-batch; nothing is raised."""
    network = Network([5, 4, 3], interrupting([2 + 7]), seed=0)
    reference = Network([5, 4, 3], seed=0)
    x, y = batch(network, 20)
    size = 1  # one call of ∇_a C per mini-batch
    network.SGD((x, y), 0, size, 0.5)
    before = signal.getsignal(signal.SIGINT)
    history = network.SGD((x, y), 5, size, 0.5, monitor_training_cost=True, seed=9)
    assert signal.getsignal(signal.SIGINT) is before
    assert history.epochs == 0
    assert history.training_cost == []
    assert history.stopped == (
        "interrupted in epoch 1 of 5, after mini-batch 9 of 20; the parameters are those after "
        "that mini-batch"
    )
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"Training {history.stopped}.\n"
    order = np.random.default_rng(9).permutation(20)
    for i in order[:9]:
        reference.update_mini_batch((x[:, [i]], y[:, [i]]), 0.5)
    assert_all_close(parameters(network), parameters(reference), 1e-13)


def test_ctrl_c_after_whole_epochs_keeps_their_figures(capsys) -> None:
    network = Network([5, 4, 3], interrupting([40]), seed=0)
    history = network.SGD(batch(network, 20), 5, 1, 0.5, monitor_training_cost=True)
    assert history.epochs == 2
    assert len(history.training_cost) == 2
    assert "in epoch 2 of 5, after mini-batch 20 of 20" in capsys.readouterr().err


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_training_in_another_thread_leaves_signals_alone() -> None:
    network, failures = Network([5, 4, 3], seed=0), []

    def work() -> None:
        try:
            network.SGD(batch(network, 20), 2, 5, 0.5)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


def test_an_ignored_interrupt_stays_ignored() -> None:
    """A background job started with nohup keeps running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGINT)
            assert not interruption.requested
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


SCRIPT = textwrap.dedent(
    """
    import numpy as np
    from chainrule.textbook import Network
    network = Network([2, 3, 2], seed=0)
    data = [(np.ones((2, 1)), np.ones((2, 1)))] * 20
    history = network.SGD(data, 3, 5, 0.1, monitor_training_cost=True{options})
    print(history.epochs)
    """
)


def test_a_pipe_hears_nothing() -> None:
    """Progress is for people: in a pipe neither stdout nor stderr gets a byte of it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(options="")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
    assert done.stderr == ""


def test_a_terminal_sees_a_bar_on_stderr_only() -> None:
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(options="")],
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
        check=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other side is closed and all is read
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    assert done.stdout == "3\n"
    text = seen.decode()
    assert "epoch" in text
    assert "3/3" in text
    assert "training cost" in text


def test_progress_can_be_asked_for_and_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(options=", progress=True")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
    assert "3/3" in done.stderr


def test_history_is_what_it_says() -> None:
    history = History()
    assert list(history) == [[], [], [], []]
    assert (history.epochs, history.stopped, history.best_epoch) == (0, None, None)
