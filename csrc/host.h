/* host.h - the whole interface of the core.
 *
 * The core opens modules, calls them and serves them. It knows nothing of Python: the Python
 * extension, the C tests and whatever else embeds it see this header and no other. What crosses it
 * is revision-neutral; the layouts of the module ABI live in revisions/ alone.
 *
 * Threads: every function may be called from any thread unless it says otherwise. Functions marked
 * [enters] may run module code, and wait for the host's lock first: never call them while holding a
 * lock that a module's callback, or an upcall of yours, may want.
 *
 * Memory: pointers handed in are read during the call only; pointers handed out are valid as long as
 * the text beside them says.
 */
#ifndef MESIBO_HOST_H
#define MESIBO_HOST_H

#include "interface/batches.h"
#include "interface/crash.h"
#include "interface/crossing.h"
#include "interface/events.h"
#include "interface/faults.h"
#include "interface/functions.h"
#include "interface/gate.h"
#include "interface/hosts.h"
#include "interface/loads.h"
#include "interface/passes.h"
#include "interface/services.h"
#include "interface/trials.h"

#endif
