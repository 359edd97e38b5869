"""What is done before a visit: consents, insurance, a card on file; and what a visit costs."""
