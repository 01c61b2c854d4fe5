"""What proposes negatives: generators g(y|x), the draws from them and what they earn, and how anchors and targets are numbered for them."""
