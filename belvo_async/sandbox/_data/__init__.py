"""The data of the made-up banks: accounts, transactions, and what else Belvo serves of a link."""
