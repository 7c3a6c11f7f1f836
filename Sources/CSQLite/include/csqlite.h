// What SQLite declares with a variable list of arguments, which Swift does not import.
#ifndef CSQLITE_H
#define CSQLITE_H

/// Keeps no statistics of memory (SQLITE_CONFIG_MEMSTATUS), for which each allocation takes a lock that all connections share.
///
/// Good for nothing once SQLite is in use: call it before the first connection.
void csqlite_forgo_memory_statistics(void);

#endif
