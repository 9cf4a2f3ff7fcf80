#pragma once
#include <boost/system/result.hpp>

namespace spidergate {

using boost::system::error_code;

/// A value or an error code. Every operation whose failure the caller handles returns one;
/// exceptions are kept for bugs and for "cannot start".
template <class T>
using result = boost::system::result<T>;

}  // namespace spidergate
