"""What is open and stuck: the staff's worklist of the practice, and what its patients are told of their bills."""
