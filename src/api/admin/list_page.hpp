#pragma once
#include "management_call.hpp"

#include <spidergate/core/json_text.hpp>

namespace spidergate::api {

/// Which part of a list is asked for.
struct page_request {
  std::string after;  ///< the cursor: id of the last item of the page before, or empty
  std::size_t limit = 100;
};
/// From the query's cursor and limit (1 to 500).
[[nodiscard]] model::outcome<page_request> page_asked(const request_scope& r);

/// The frame of a list, around items that `write_items` writes; no cursor: the last page.
template <class WriteItems>
[[nodiscard]] std::string list_json(WriteItems write_items, std::string_view next_cursor = {}) {
  std::string body;
  json_writer out(body);
  out.begin_object().key("object").string("list").key("data").begin_array();
  write_items(out);
  out.end_array().key("has_more").boolean(!next_cursor.empty()).key("next_cursor");
  next_cursor.empty() ? out.null() : out.string(next_cursor);
  out.end_object();
  return body;
}

/// {"object":"list","data":[…],"has_more":…,"next_cursor":…}: the one shape of all lists. `fetch(after, limit)` gives
/// rows with an id in the order of the list, `keep` tells which belong into it, `write(json_writer&, row)` writes one.
template <class Fetch, class Keep, class Write>
[[nodiscard]] model::outcome<answer> list_page(const page_request& asked, Fetch fetch, Keep keep, Write write) {
  typename std::invoke_result_t<Fetch, std::string_view, std::size_t>::value_type found;
  auto after = asked.after;
  const auto batch = asked.limit + 1;
  for (bool more = true; more && found.size() <= asked.limit;) {
    auto rows = fetch(after, batch);
    if (!rows) return store_fault(rows.error());
    more = rows->size() == batch;
    if (more) after = rows->back().id;
    for (auto& row : *rows) {
      if (keep(row) && found.size() <= asked.limit) found.push_back(std::move(row));
    }
  }
  const bool has_more = found.size() > asked.limit;
  if (has_more) found.pop_back();
  const auto items = [&](json_writer& out) {
    for (const auto& row : found) write(out, row);
  };
  return answer{.body = list_json(items, has_more ? std::string_view(found.back().id) : std::string_view())};
}

}  // namespace spidergate::api
