#include "csqlite.h"

#include <sqlite3.h>

void csqlite_forgo_memory_statistics(void) {
    // Refused where SQLite is in use already: then it goes on counting, and all else is the same.
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
