module portus-stack.lab/pause

go 1.26
