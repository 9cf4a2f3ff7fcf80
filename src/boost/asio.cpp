// The one translation unit that compiles Asio's own code; see BOOST_ASIO_SEPARATE_COMPILATION in
// cmake/dependencies.cmake.
#include <boost/asio/impl/src.hpp>
