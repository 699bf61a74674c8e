# The mirror of csrc/host.h: a file for each header of csrc/interface/.
from .batches cimport *
from .crash cimport *
from .crossing cimport *
from .events cimport *
from .faults cimport *
from .functions cimport *
from .gate cimport *
from .hosts cimport *
from .loads cimport *
from .passes cimport *
from .services cimport *
from .stdbool cimport *
from .trials cimport *
