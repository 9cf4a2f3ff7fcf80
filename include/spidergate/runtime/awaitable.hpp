#pragma once
#include <spidergate/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace spidergate {

namespace asio = boost::asio;

/// Every coroutine of a worker thread runs on that worker's io_context directly, without the cost of a type-erased
/// executor.
template <class T>
using awaitable = asio::awaitable<T, asio::io_context::executor_type>;

}  // namespace spidergate
