#pragma once

namespace spidergate::app {

/// Takes the pages of code and constants (the program's and its libraries') out of this process's resident set; what is
/// used again comes back from the page cache at its first use. For the end of a start: its code, the catalogue's tables
/// and what libraries do once are most of what a start has touched, and memory_watch would count them for good. Any
/// thread, while others run.
void let_go_of_start_pages() noexcept;

}  // namespace spidergate::app
