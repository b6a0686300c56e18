module portus-stack.lab/beside

go 1.26.6
