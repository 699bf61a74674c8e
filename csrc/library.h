/* library.h - shared libraries as the dynamic linker sees them; all from any thread. */
#ifndef MESIBO_LIBRARY_H
#define MESIBO_LIBRARY_H

#include "core.h"

/* Opens the file as it is now (`file`, where the caller knows that), with its constructors. NULL:
 * `error` has the linker's words. */
mh_library *mh_library_open(const char *path, const mh_file *file, char *error, size_t error_size);
/* Whether the file that is mapped was written over since. Its pages are lost then: what is left of
 * the module may still work by luck, its destructors surely not. */
bool mh_library_is_overwritten(const mh_library *library);
/* Unmaps it after its last user, with its destructors; `keep`: never. */
void mh_library_close(mh_library *library, bool keep);
void *mh_library_symbol(mh_library *library, const char *name, char *error, size_t error_size);
/* Whether the address lies in the library's own code. */
bool mh_library_has_code(const mh_library *library, uint64_t address);

#endif
