"""A test double of Portus: the same image and HTTP contract, none of its code.

README.md says what is imitated and what is not.
"""

#: Response header of every answer, so that nobody takes the double for Portus.
STAND_IN_HEADER = "X-Portus-Stand-In"
