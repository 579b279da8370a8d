internal import Glibc

/// Lets searches go before the calling thread, where there are more threads to run than cores.
///
/// Linux keeps this for each thread, and a thread that starts another hands it on. So it is only for threads that start
/// none, not even through Dispatch.
func yieldToSearches() { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, readersNiceness) }

/// The niceness of the threads that read items; a thread of niceness 0 gets nine tenths of a core that both want.
let readersNiceness: Int32 = 10
