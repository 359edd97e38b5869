"""One module a page: it reads its rows and renders them."""
