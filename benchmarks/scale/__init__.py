"""How figures are made of millions and billions of rows, and how long it takes."""
