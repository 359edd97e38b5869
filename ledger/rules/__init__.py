"""The rules of the books: pure functions of the standard library, one home for each rule."""
