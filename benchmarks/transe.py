"""The recipe transe against PyKEEN's TransE, on Kinships, UMLS, CoDEx-S and WN18RR.

    python benchmarks/transe.py [--sets kinships umls codex-s wn18rr] [--seeds 3] [--quick]

What is compared, and how, is said in benchmarks/graphs.py. Results go to results/transe.jsonl; with --quick, to try the script, they are only
printed.
"""

import graphs

if __name__ == "__main__":
    graphs.main("transe", __doc__.splitlines()[0])
