#pragma once
#include "body_reader.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/store/records.hpp>

namespace spidergate::api {

/// Limits and budgets as brands, clients and tokens all have them: rpm, rpd, tpm, max_parallel (0: none of its own, -1:
/// expressly none) and budget_{per_request,daily,weekly,monthly}_usd.
struct limit_fields {
  std::optional<std::int64_t> rpm, rpd, tpm, max_parallel;
  std::optional<money> per_request, daily, weekly, monthly;

  void read(body_reader& from);
  [[nodiscard]] bool empty() const noexcept;
  void apply_to(store::limit_set& limits) const;
};

/// The eight members; a budget that is not set is null.
void write_limits(json_writer& out, const store::limit_set& limits);

void time_or_null(json_writer& out, std::string_view name, epoch_ms time);
void text_or_null(json_writer& out, std::string_view name, std::string_view text);
void text_list(json_writer& out, std::string_view name, const std::vector<std::string>& texts);

}  // namespace spidergate::api
