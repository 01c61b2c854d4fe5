"""Every limit on what Awase reads or accepts, in one place. Sizes are in bytes unless the name says otherwise."""

MAX_TEXT_BYTES = 1 << 20  # one text; checked before it is tokenised
MAX_LINE_BYTES = 8 << 20  # one line of a CSV, TSV or JSONL file
MAX_FILE_BYTES = 8 << 20  # one file of a folder of texts; a larger one is named and passed over
MAX_WORKBOOK_BYTES = 1 << 30  # a workbook of Excel, unpacked
MAX_HEADER_BYTES = 100 << 20  # the JSON header of a safetensors file, as the format itself caps it
MAX_JSON_BYTES = 64 << 20  # a configuration, manifest or tokenizer file
MAX_DIM = 65_536  # dimensions of a vector
MAX_CLOSURE_LINKS = 1 << 28  # of a hierarchy with all ancestors: 4 GB
MAX_METADATA_BYTES = 64 << 10  # metadata of one item, as JSON
MAX_ID_BYTES = 512  # the id of one item
MAX_K = 10_000  # results of one search
MAX_BODY_BYTES = 8 << 20  # one HTTP request
MAX_REQUEST_ITEMS = 2_048  # texts or items of one HTTP request
MAX_REQUEST_TOKENS = 300_000  # of all texts of one HTTP request together, to encode
MAX_REQUEST_RESULTS = 10_240  # n_queries * k of one HTTP request
MAX_BODIES_BYTES = 256 << 20  # all HTTP requests that are being read or wait
MAX_CONNECTIONS = 4_096  # to the HTTP server; the next is closed at once
MAX_QUEUE = 256  # HTTP requests waiting; the next is told to come back
REQUEST_DEADLINE_S = 30.0  # from the whole request to its answer
HEAD_TIMEOUT_S = 10.0  # for the head of an HTTP request to arrive
BODY_TIMEOUT_S = 20.0  # for its body
WRITE_TIMEOUT_S = 20.0  # for a client to take what was sent to it
MAX_FILTER_CHARS = 4_096  # a metadata filter; more comparisons than fit in it would be too deep for SQLite
MAX_FILTER_COST = 10 << 30  # bytes compared by a filter of an HTTP request; about the seconds of its deadline
MAX_FILTER_DEPTH = 12  # parentheses and nots inside each other: the stack of the SQL parser holds 100 symbols
