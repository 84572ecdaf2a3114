"""A training script written for PyTorch: only its first three imports differ.

import torch
import torch.nn as nn
import torch.optim as optim
"""

import chainrule as torch
import chainrule.nn as nn
import chainrule.optim as optim

torch.manual_seed(1)

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.activation = nn.Sigmoid()
        self.output = nn.Linear(4, 1)

    def forward(self, x):
        return self.output(self.activation(self.hidden(x)))


model = Net()
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

for epoch in range(2000):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    if epoch % 500 == 0:
        print(f"epoch {epoch:4d}  loss {loss.item():.4f}")

for name, parameter in model.named_parameters():
    print(f"{name:14s} {tuple(parameter.shape)}  |grad| {parameter.grad.norm().item():.2e}")

with torch.no_grad():
    print("predictions:", [round(p, 2) for p in model(X).squeeze().tolist()])
