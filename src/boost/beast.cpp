// The one translation unit that compiles Beast's own code; see BOOST_BEAST_SEPARATE_COMPILATION in
// cmake/dependencies.cmake.
#include <boost/beast/src.hpp>
