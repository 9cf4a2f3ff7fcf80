#include "json_documents.hpp"
#include "limit_fields.hpp"
#include "list_page.hpp"
#include "management_handlers.hpp"
#include "token_answer.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

namespace spidergate::api {

namespace {

using store::brand_record;
using fault = std::optional<model::api_error>;

/// What a create or a merge patch says.
struct brand_body {
  std::optional<std::string> name;
  std::optional<bool> pool_access, suspended;
  limit_fields limits;
  document_change prices, preferences;

  [[nodiscard]] bool only_preferences_and_pool_access() const {
    return !name && !suspended && limits.empty() && !prices.given();
  }
};

model::outcome<brand_body> read_brand(std::string_view text) {
  body_reader from(text);
  brand_body body;
  from.line("name", body.name).flag("pool_access", body.pool_access).flag("suspended", body.suspended);
  body.limits.read(from);
  body.prices.read(from, "price_overrides");
  body.preferences.read(from, "preferences");
  if (auto found = from.finish("a brand")) return std::move(*found);
  return body;
}

fault apply(const brand_body& body, brand_record& row, epoch_ms now) {
  row.name = body.name.value_or(row.name);
  row.pool_access = body.pool_access.value_or(row.pool_access);
  if (body.suspended && *body.suspended && row.is_operator)
    return model::make_error(model::api_errc::conflict,
                             "The operator brand cannot be suspended: nobody could take it back.", "suspended");
  if (body.suspended && *body.suspended != (row.suspended_at > 0)) row.suspended_at = *body.suspended ? now : 0;
  body.limits.apply_to(row.limits);
  if (auto found = body.prices.apply_to(row.prices, check_price_overrides)) return found;
  return body.preferences.apply_to(row.preferences, check_preferences);
}

void write_members(json_writer& out, const brand_record& row) {
  out.key("id").string(row.id).key("name").string(row.name);
  out.key("is_operator").boolean(row.is_operator).key("pool_access").boolean(row.pool_access);
  out.key("suspended").boolean(row.suspended_at > 0);
  time_or_null(out, "suspended_at", row.suspended_at);
  write_limits(out, row.limits);
  out.key("price_overrides").raw(row.prices.empty() ? "{}" : row.prices);
  out.key("preferences").raw(row.preferences.empty() ? "{}" : row.preferences);
  time_or_null(out, "created_at", row.created_at);
}

void write_brand(json_writer& out, const brand_record& row) {
  out.begin_object();
  write_members(out, row);
  out.end_object();
}

answer brand_answer(const brand_record& row) {
  answer made;
  json_writer out(made.body);
  write_brand(out, row);
  return made;
}

model::api_error name_taken(const brand_record& row) {
  return model::make_error(model::api_errc::conflict, "There is a brand '" + row.name + "' already.", "name");
}

model::api_error change_fault(const error_code& code, const brand_record& row) {
  return code == store::errc::already_exists ? name_taken(row) : store_fault(code);
}

model::api_error no_such_brand(std::string_view id) {
  return model::make_error(model::api_errc::not_found, "There is no brand '" + std::string(id.substr(0, 100)) + "'.");
}

model::api_error not_an_owner() {
  return model::make_error(model::api_errc::missing_scope, "Only owners change a brand and its preferences.");
}

/// The row of that id, if the caller may see it; a foreign one is as if it were not there.
model::outcome<brand_record> visible(sql::connection& on, const auth::principal& who, const std::string& id) {
  if (id != who.brand_id && !who.may_change_brands()) return no_such_brand(id);
  auto row = store::brands::find(on, id);
  if (!row) return store_fault(row.error());
  if (!*row) return no_such_brand(id);
  return std::move(**row);
}

awaitable<void> list_brands(management_call& call) {
  const auto asked = page_asked(call.r);
  if (!asked) return call.refuse(asked.error());
  return call.show([asked = *asked, who = call.who](sql::connection& on) -> model::outcome<answer> {
    const auto every = [](const brand_record&) { return true; };
    if (who->may_change_brands()) {
      const auto fetch = [&on](std::string_view after, std::size_t limit) {
        return store::brands::page(on, after, limit);
      };
      return list_page(asked, fetch, every, write_brand);
    }
    const auto own = store::brands::find(on, who->brand_id);
    if (!own) return store_fault(own.error());
    return answer{.body = list_json([&own](json_writer& out) {
                    if (*own) write_brand(out, **own);
                  })};
  });
}

/// A brand comes with a client and an owner's token: nobody else could reach inside it.
model::outcome<answer> make_brand(sql::connection& on, const brand_record& row, const store::client_record& client,
                                  const auth::issuer& by) {
  if (const auto done = store::brands::insert(on, row); !done) return change_fault(done.error(), row);
  if (const auto done = store::clients::insert(on, client); !done) return store_fault(done.error());
  const auto token = auth::issue(by, {.brand_id = row.id,
                                      .client_id = client.id,
                                      .kind = "pat",
                                      .label = "first admin token",
                                      .role = "owner",
                                      .scopes = auth::default_scopes(auth::role::owner)});
  if (const auto done = store::tokens::insert(on, token.row); !done) return store_fault(done.error());
  answer made{.status = 201};
  json_writer out(made.body);
  out.begin_object();
  write_members(out, row);
  out.key("admin_token").begin_object();
  write_token_members(out, token.row, by.now());
  write_secret(out, token);
  out.end_object().end_object();
  return made;
}

awaitable<void> create_brand(management_call& call) {
  if (!call.who->may_change_brands())
    return call.refuse(
        model::make_error(model::api_errc::missing_scope, "Only owners of the operator brand make brands."));
  auto body = read_brand(call.body);
  if (!body) return call.refuse(body.error());
  if (!body->name) return call.refuse(model::make_error(model::api_errc::missing_field, "'name' is missing.", "name"));
  brand_record row{.id = call.new_id("brd_"), .created_at = call.now};
  if (auto found = apply(*body, row, call.now)) return call.refuse(std::move(*found));
  store::client_record client{.id = call.new_id("cli_"), .brand_id = row.id, .name = "default", .created_at = call.now};
  return call.commit([row, client, who = call.who, now_us = call.now_us, &random = call.shared().random](
                         sql::connection& on) { return make_brand(on, row, client, {random, now_us, who->token_id}); });
}

/// What an owner of the brand itself may not do: what the operator has set is the operator's.
fault not_for_the_brand(const brand_body& body, const brand_record& row) {
  if (!body.only_preferences_and_pool_access())
    return model::make_error(model::api_errc::missing_scope,
                             "Of its own brand an owner may change preferences and give up pool_access; the rest is "
                             "the operator's.");
  if (body.pool_access.value_or(false) && !row.pool_access)
    return model::make_error(model::api_errc::missing_scope, "Only the operator gives access to the pool.",
                             "pool_access");
  return std::nullopt;
}

model::outcome<answer> change_brand(sql::connection& on, const auth::principal& who, const std::string& id,
                                    const brand_body& body, epoch_ms now) {
  auto row = visible(on, who, id);
  if (!row) return row.error();
  if (!who.may_change_brands()) {
    if (auto found = not_for_the_brand(body, *row)) return std::move(*found);
  }
  if (auto found = apply(body, *row, now)) return std::move(*found);
  const auto done = store::brands::update(on, *row);
  if (!done) return change_fault(done.error(), *row);
  return brand_answer(*row);
}

}  // namespace

awaitable<void> serve_brands(management_call& call) {
  return call.r.x.head().method == "POST" ? create_brand(call) : list_brands(call);
}

awaitable<void> serve_brand(management_call& call) {
  if (call.r.x.head().method != "PATCH") {
    return call.show([who = call.who, id = call.r.where.id](sql::connection& on) -> model::outcome<answer> {
      auto row = visible(on, *who, id);
      if (!row) return row.error();
      return brand_answer(*row);
    });
  }
  if (call.r.where.id != call.who->brand_id && !call.who->may_change_brands())
    return call.refuse(no_such_brand(call.r.where.id));
  if (!call.who->may_change_brand()) return call.refuse(not_an_owner());
  auto body = read_brand(call.body);
  if (!body) return call.refuse(body.error());
  return call.commit([who = call.who, id = call.r.where.id, body = std::move(*body),
                      now = call.now](sql::connection& on) { return change_brand(on, *who, id, body, now); });
}

awaitable<void> serve_preferences(management_call& call) {
  const auto preferences_of = [](const brand_record& row) {
    return answer{.body = row.preferences.empty() ? "{}" : row.preferences};
  };
  const auto own = [](sql::connection& on, const auth::principal& who) { return visible(on, who, who.brand_id); };
  if (call.r.x.head().method != "PATCH") {
    return call.show([=, who = call.who](sql::connection& on) -> model::outcome<answer> {
      const auto row = own(on, *who);
      if (!row) return row.error();
      return preferences_of(*row);
    });
  }
  if (!call.who->may_change_brand()) return call.refuse(not_an_owner());
  auto change = document_change::whole_body(call.body);
  if (!change) return call.refuse(change.error());
  return call.commit([=, who = call.who, change = std::move(*change)](sql::connection& on) -> model::outcome<answer> {
    auto row = own(on, *who);
    if (!row) return row.error();
    if (auto found = change.apply_to(row->preferences, check_preferences)) return std::move(*found);
    const auto done = store::brands::update(on, *row);
    if (!done) return store_fault(done.error());
    return preferences_of(*row);
  });
}

}  // namespace spidergate::api
