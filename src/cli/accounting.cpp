#include "accounting.hpp"

#include "output.hpp"
#include "tenants.hpp"

#include <spidergate/ledger/ledger.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <ostream>
#include <set>
#include <thread>

namespace spidergate::cli {

namespace {

using ledger::receipts::group;
using ledger::receipts::search;
using model::receipt;

constexpr std::size_t largest_page = 500;
constexpr std::chrono::milliseconds poll_period{500};
/// Receipts come in by batches and not in the order of their times; older ones than this are not waited for.
constexpr epoch_ms late_arrivals_ms = 600'000;

std::string served_by(const receipt& r) {
  return r.provider.empty() ? std::string() : r.provider + "/" + r.model;
}

record summary(const receipt& r) {
  record s;
  s.text("request_id", r.request_id).time("time", r.timestamp).text("status", r.status);
  s.number("http_status", r.http_status).text_or_null("error", r.error_code).text("endpoint", r.endpoint);
  s.boolean("streamed", r.streamed).text("asked_for", r.requested_model).text_or_null("served_by", served_by(r));
  s.text_or_null("reason", r.reason).number("latency_ms", r.latency_ms);
  s.number("prompt_tokens", r.tokens.prompt).number("completion_tokens", r.tokens.completion);
  s.text("cost_usd", r.cost.to_usd() + (r.cost_known ? "" : " (no price known)"));
  s.number("attempts", static_cast<std::int64_t>(r.attempts.size()));
  s.text_or_null("fallback_from", r.fallback_from).list("tags", r.tags);
  return s;
}

std::string line_of(const receipt& r) {
  const auto served = served_by(r);
  auto line = to_iso8601(r.timestamp) + "  " + r.request_id + "  " + r.status + " " + std::to_string(r.http_status);
  line += "  " + (r.requested_model.empty() ? std::string("-") : printable(r.requested_model));
  if (!served.empty() && served != r.requested_model) line += " -> " + printable(served);
  line += "  " + std::to_string(r.latency_ms) + " ms  " + std::to_string(r.tokens.prompt) + "+" +
          std::to_string(r.tokens.completion) + " tokens  $" + r.cost.to_usd();
  if (!r.error_code.empty()) line += "  " + r.error_code;
  return line;
}

void print_log(context& in, const receipt& r) {
  in.out() << (in.options().json ? model::full_json(r) : line_of(r)) << "\n";
}

std::vector<receipt> newest(context& in, const search& by) {
  auto page = need(in, ledger::receipts::list(in.database(), by), "The receipts cannot be read");
  std::reverse(page.items.begin(), page.items.end());
  return std::move(page.items);
}

/// Every receipt since `by.since`, oldest first.
std::vector<receipt> all_since(context& in, search by) {
  std::vector<receipt> found;
  do {
    auto page = need(in, ledger::receipts::list(in.database(), by), "The receipts cannot be read");
    found.insert(found.end(), std::make_move_iterator(page.items.begin()), std::make_move_iterator(page.items.end()));
    by.cursor = page.next_cursor;
  } while (!by.cursor.empty());
  std::reverse(found.begin(), found.end());
  return found;
}

void follow(context& in, const search& by, const std::vector<receipt>& printed) {
  std::set<std::pair<epoch_ms, std::string>> seen;
  for (const auto& r : printed) seen.emplace(r.timestamp, r.request_id);
  const auto begun = in.now();
  while (in.out().good()) {
    std::this_thread::sleep_for(poll_period);
    auto recent = by;
    recent.limit = largest_page;
    recent.since = std::max(begun - late_arrivals_ms, in.now() - late_arrivals_ms);
    for (const auto& r : all_since(in, recent)) {
      // What is older than this command and was not among the last lines has been passed over on purpose.
      const bool is_new = seen.emplace(r.timestamp, r.request_id).second;
      if (is_new && (printed.empty() || r.timestamp >= printed.front().timestamp)) print_log(in, r);
    }
    in.out().flush();
    seen.erase(seen.begin(), seen.lower_bound({in.now() - 2 * late_arrivals_ms, {}}));
  }
}

constexpr std::array<std::pair<std::string_view, group>, 9> groups{{{"model", group::model},
                                                                    {"provider", group::provider},
                                                                    {"key", group::token},
                                                                    {"token", group::token},
                                                                    {"client", group::client},
                                                                    {"brand", group::brand},
                                                                    {"alias", group::alias},
                                                                    {"day", group::day},
                                                                    {"hour", group::hour}}};

group group_named(const std::string& name) {
  if (name.empty()) return group::none;
  for (const auto& [known, value] : groups)
    if (known == name) return value;
  std::vector<std::string_view> names;
  for (const auto& one : groups) names.emplace_back(one.first);
  throw command_error{exit_code::usage, "--by takes model, provider, key, client, brand, alias, day or hour." +
                                            nearest_hint(name, names)};
}

/// What people call the things that a group's keys are ids of.
std::map<std::string, std::string, std::less<>> names_for(context& in, group by) {
  std::map<std::string, std::string, std::less<>> names;
  if (by == group::brand) return brand_names(in);
  if (by == group::token)
    for (const auto& t : need(in, store::tokens::list(in.database()), "The tokens cannot be read"))
      names[t.id] = t.label;
  if (by == group::client)
    for (const auto& c : need(in, store::clients::list(in.database(), ""), "The clients cannot be read"))
      names[c.id] = c.name;
  return names;
}

search search_of(context& in, const std::string& brand, const std::string& since) {
  search by;
  if (!brand.empty()) by.brand_id = brand_named(in, brand).id;
  if (since.empty()) return by;
  const auto back = parse_duration(since);
  if (!back) throw command_error{exit_code::usage, "--since takes a time back from now such as 24h or 7d."};
  by.since = in.now() - back->count();
  return by;
}

}  // namespace

exit_code show_receipt(context& in, const receipt_options& asked) {
  const auto found = need(in, ledger::receipts::find(in.database(), asked.id), "The receipts cannot be read");
  if (!found)
    throw command_error{exit_code::not_found, "There is no receipt '" + printable(asked.id) +
                                                  "': `spidergate logs` shows the newest request ids."};
  if (in.options().json)
    in.out() << model::full_json(*found) << "\n";
  else
    print_one(in, summary(*found));
  return exit_code::ok;
}

exit_code show_logs(context& in, const log_options& asked) {
  if (asked.last < 1 || asked.last > largest_page)
    throw command_error{exit_code::usage, "--last takes a number from 1 to 500."};
  auto by = search_of(in, asked.brand, "");
  by.limit = asked.last;
  const auto printed = newest(in, by);
  for (const auto& r : printed) print_log(in, r);
  in.out().flush();
  if (asked.follow) follow(in, by, printed);
  return exit_code::ok;
}

exit_code show_usage(context& in, const usage_options& asked) {
  const auto by = group_named(asked.by);
  const auto filter = search_of(in, asked.brand, asked.since);
  const auto names = names_for(in, by);
  std::vector<record> rows;
  for (const auto& u : need(in, ledger::receipts::usage(in.database(), by, filter), "The usage cannot be read")) {
    const auto name = names.find(u.key);
    record r;
    r.text("key", u.key);
    r.text("name", by == group::none ? "total" : name == names.end() ? std::string_view(u.key) : name->second);
    r.number("requests", u.requests).number("errors", u.errors).number("prompt_tokens", u.prompt_tokens);
    r.number("cached_tokens", u.cached_tokens).number("completion_tokens", u.completion_tokens);
    r.number("reasoning_tokens", u.reasoning_tokens).number("total_tokens", u.prompt_tokens + u.completion_tokens);
    r.decimal("cost_usd", u.cost.to_usd());
    rows.push_back(std::move(r));
  }
  print_list(in, rows, {"name", "requests", "errors", "prompt_tokens", "completion_tokens", "cost_usd"},
             "There were no requests in that time.");
  return exit_code::ok;
}

}  // namespace spidergate::cli
