"""Every limit on what Awase reads or accepts, in one place. Sizes are in bytes unless the name says otherwise."""

MAX_TEXT_BYTES = 1 << 20  # one text; checked before it is tokenised
MAX_LINE_BYTES = 8 << 20  # one line of a CSV, TSV or JSONL file
MAX_HEADER_BYTES = 100 << 20  # the JSON header of a safetensors file, as the format itself caps it
MAX_JSON_BYTES = 64 << 20  # a configuration, manifest or tokenizer file
MAX_DIM = 65_536  # dimensions of a vector
MAX_METADATA_BYTES = 64 << 10  # metadata of one item, as JSON
MAX_ID_BYTES = 512  # the id of one item
MAX_K = 10_000  # results of one search
MAX_BODY_BYTES = 8 << 20  # one HTTP request
MAX_REQUEST_ITEMS = 2_048  # texts or items of one HTTP request
MAX_QUEUE = 256  # HTTP requests waiting; the next is told to come back
REQUEST_DEADLINE_S = 30.0
MAX_FILTER_CHARS = 4_096  # a metadata filter; more comparisons than fit in it would be too deep for SQLite
MAX_FILTER_DEPTH = 12  # parentheses and nots inside each other: the stack of the SQL parser holds 100 symbols
