"""Attributes, lists and dicts that change in place."""

from measure import run


class Account:
    def __init__(self, owner: str, balance: int) -> None:
        self.owner = owner
        self.balance = balance
        self.history: list[int] = []

    def move(self, amount: int) -> None:
        self.balance += amount
        self.history.append(amount)
        if len(self.history) > 20:
            self.history.clear()


class Bank:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.seen: dict[str, int] = {}

    def open(self, owner: str) -> Account:
        account = Account(owner, 100)
        self.accounts[owner] = account
        return account

    def transfer(self, source: str, target: str, amount: int) -> None:
        self.accounts[source].move(-amount)
        self.accounts[target].move(amount)
        self.seen[source] = self.seen.get(source, 0) + 1


def main(n: int) -> int:
    bank = Bank()
    names = []
    for i in range(50):
        name = f"owner{i}"
        names.append(name)
        bank.open(name)
    for i in range(n):
        source = names[i % 50]
        target = names[(i * 7 + 3) % 50]
        bank.transfer(source, target, i % 13)
    return len(bank.seen)


if __name__ == "__main__":
    run(main, 800_000)
