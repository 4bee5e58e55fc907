"""Every limit of the readers, named once. Sizes are in bytes unless the name says otherwise."""

from __future__ import annotations

from typing import Final

MEGABYTE: Final = 1024 * 1024

#: Larger uploads are refused before anything is read.
MAX_FILE: Final = 1024 * MEGABYTE
#: Longest cell, in characters. Excel's own limit is 32,767; long notes from forms are longer.
MAX_CELL_CHARS: Final = 1_000_000
#: Most columns of a header and most cells of a row (Excel allows 16,384, people use some dozens).
MAX_COLUMNS: Final = 2_000
#: Longest physical line, in characters: a line without an end must not fill the memory.
MAX_LINE_CHARS: Final = 8_000_000
#: Most text that one record may take (quoted line breaks make a record of many lines), in characters.
MAX_RECORD_CHARS: Final = 16_000_000

#: How much of a file ``inspect`` looks at.
HEAD: Final = MEGABYTE
#: Rows of a workbook that ``inspect`` looks at.
HEAD_ROWS: Final = 2_000
#: Lines in which a header must be found.
HEADER_LINES: Final = 30
#: Records that the search for the separator looks at.
SNIFF_RECORDS: Final = 200
#: Text is read and cleaned in blocks of this size.
BLOCK: Final = 256 * 1024
#: Bytes shown to the guess of an encoding; more makes it slower, not better.
GUESS_BYTES: Final = 64 * 1024
#: Rows whose values are looked at closely (addresses, phones, dates) for the matching.
SHAPE_ROWS: Final = 5_000
#: Distinct first values that are kept of each column, and the most characters of each.
SAMPLES: Final = 3
SAMPLE_CHARS: Final = 200
#: Longest name of a column, in characters (Zoom's custom questions are whole sentences).
MAX_NAME_CHARS: Final = 1_000

# Workbooks (XLSX). The child process that reads them gets these as hard limits.
#: Sum of the unpacked sizes that the zip directory declares, and the most that is unpacked in truth.
MAX_UNPACKED: Final = 1024 * MEGABYTE
#: Most members of the zip archive.
MAX_MEMBERS: Final = 5_000
#: A member above ``RATIO_FROM`` that shrank more than this many times is a bomb: sheets shrink 10 to 40.
MAX_RATIO: Final = 200
RATIO_FROM: Final = 20 * MEGABYTE
#: Shared strings, packed: text and count. Both together stay below 300 MB of memory.
MAX_SHARED_TEXT: Final = 160 * MEGABYTE
MAX_SHARED_STRINGS: Final = 8_000_000
#: Most text that a sheet may show: so much, and for each byte of its XML so many characters more. A shared
#: string is stored once and shown as often as cells name it.
FREE_TEXT: Final = 128 * MEGABYTE
MAX_GROWTH: Final = 20
#: Excel's own last row.
MAX_SHEET_ROWS: Final = 1_048_576
#: Most bytes that the XML parser may hold back, waiting for the end of one tag.
MAX_XML_TOKEN: Final = 4 * MEGABYTE
#: Largest spool (the CSV that a workbook is turned into).
MAX_SPOOL: Final = 1024 * MEGABYTE
#: Memory and time of the child: ``CHILD_DATA`` is what it allocates, ``CHILD_ADDRESSES`` what it maps.
CHILD_DATA: Final = 300 * MEGABYTE
CHILD_ADDRESSES: Final = 1536 * MEGABYTE
CHILD_SECONDS: Final = 300
