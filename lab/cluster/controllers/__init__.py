"""What a cluster has to have and Kubernetes leaves to others: network policies, volumes, load balancers."""
