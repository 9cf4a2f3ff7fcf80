#pragma once
#include <spidergate/cli/context.hpp>

#include <cstddef>
#include <string>

namespace spidergate::cli {

struct receipt_options {
  std::string id;
};
struct log_options {
  bool follow = false;
  std::size_t last = 50;
  std::string brand;
};
struct usage_options {
  std::string by, since, brand;
};

exit_code show_receipt(context& in, const receipt_options& asked);
/// Newest last, one line each; with --follow until the process is interrupted.
exit_code show_logs(context& in, const log_options& asked);
exit_code show_usage(context& in, const usage_options& asked);

}  // namespace spidergate::cli
