#include "list_page.hpp"
#include "management_handlers.hpp"
#include "token_answer.hpp"
#include "token_body.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/auth/rights.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <array>

namespace spidergate::api {

namespace {

using store::token_record;
using fault = std::optional<model::api_error>;

constexpr std::array<std::string_view, 1> key_kinds{"key"};
constexpr std::array<std::string_view, 2> token_kinds{"pat", "triple"};

/// Keys and tokens are two lists of the same rows.
struct shelf {
  std::string_view word;  ///< "key" or "token", as errors call one
  std::span<const std::string_view> kinds;

  [[nodiscard]] bool holds(const token_record& row) const {
    return std::find(kinds.begin(), kinds.end(), row.kind) != kinds.end();
  }
};

shelf shelf_of(resource what) noexcept {
  const bool keys = what == resource::keys || what == resource::key_item || what == resource::key_revoke ||
                    what == resource::key_rotate;
  return keys ? shelf{"key", key_kinds} : shelf{"token", token_kinds};
}

std::string_view role_name(auth::role of) noexcept {
  switch (of) {
    case auth::role::viewer:
      return "viewer";
    case auth::role::member:
      return "member";
    case auth::role::admin:
      return "admin";
    case auth::role::owner:
      return "owner";
  }
  return "viewer";
}

answer token_answer(const token_record& row, epoch_ms now) {
  answer made;
  json_writer out(made.body);
  out.begin_object();
  write_token_members(out, row, now);
  out.end_object();
  return made;
}

answer shown_once(const auth::issued& made, epoch_ms now, std::string_view replaces = {}, epoch_ms old_ends_at = 0) {
  answer said{.status = 201};
  json_writer out(said.body);
  out.begin_object();
  write_token_members(out, made.row, now);
  write_secret(out, made);
  if (!replaces.empty()) {
    out.key("replaces").string(replaces);
    time_or_null(out, "old_ends_at", old_ends_at);
  }
  out.end_object();
  return said;
}

/// The row of the path, if it is of the caller's brand and of that list.
model::outcome<token_record> own(sql::connection& on, const auth::principal& who, const shelf& from,
                                 const std::string& id) {
  auto row = store::tokens::find(on, id);
  if (!row) return store_fault(row.error());
  if (!*row || (*row)->brand_id != who.brand_id || !from.holds(**row))
    return model::make_error(model::api_errc::not_found,
                             "There is no " + std::string(from.word) + " '" + id.substr(0, 100) + "'.");
  return std::move(**row);
}

awaitable<void> list_tokens(management_call& call) {
  const auto asked = page_asked(call.r);
  if (!asked) return call.refuse(asked.error());
  return call.show([asked = *asked, who = call.who, from = shelf_of(call.r.where.what), now = call.now,
                    client = call.r.query("client_id"),
                    revoked_too = call.r.query_flag("include_revoked")](sql::connection& on) {
    return list_page(
        asked,
        [&](std::string_view after, std::size_t limit) {
          return store::tokens::page(on, who->brand_id, from.kinds, after, limit);
        },
        [&](const token_record& row) {
          return (client.empty() || row.client_id == client) && (revoked_too || row.revoked_at == 0);
        },
        [now](json_writer& out, const token_record& row) {
          out.begin_object();
          write_token_members(out, row, now);
          out.end_object();
        });
  });
}

/// What may be left out of a create: the role follows from the scopes, but is never above the caller's, and the scopes
/// follow from the role.
void fill_rights(const auth::principal& who, const token_body& body, token_record& row) {
  if (body.role) {
    if (!body.scopes) row.scopes = auth::default_scopes(*auth::role_named(row.role));
    return;
  }
  if (row.scopes.empty()) row.scopes = {"inference"};
  const auto least = auth::default_role(row.scopes);
  row.role = auth::role_named(who.role) < least ? who.role : std::string(role_name(least));
}

fault misfit(const token_record& row) {
  const auto role = auth::role_named(row.role);
  for (const auto& name : row.scopes) {
    const auto scope = auth::scope_named(name);
    if (role && scope && !auth::may_hold(*role, *scope))
      return model::make_error(model::api_errc::invalid_value,
                               "A " + row.role + " cannot hold the scope '" + name + "'.", "scopes");
  }
  return std::nullopt;
}

model::outcome<answer> insert_token(sql::connection& on, const auth::issuer& by, const token_record& draft,
                                    bool client_in_path) {
  const auto client = store::clients::find(on, draft.brand_id, draft.client_id);
  if (!client) return store_fault(client.error());
  if (!*client) {
    auto missing = no_such_client(draft.client_id);
    if (client_in_path) return missing;
    return model::make_error(model::api_errc::invalid_value, std::move(missing.message), "client_id");
  }
  if ((*client)->revoked_at > 0)
    return model::make_error(model::api_errc::conflict, "The client '" + draft.client_id + "' is revoked.",
                             "client_id");
  const auto made = auth::issue(by, draft);
  if (const auto done = store::tokens::insert(on, made.row); !done) return store_fault(done.error());
  return shown_once(made, by.now());
}

model::outcome<answer> patch_row(sql::connection& on, const auth::principal& who, token_record row,
                                 const token_body& body, epoch_ms now) {
  if (auto found = beyond(who, row)) return std::move(*found);
  body.apply_to(row);
  if (auto found = misfit(row)) return std::move(*found);
  if (auto found = beyond(who, row)) return std::move(*found);
  const auto done = store::tokens::update(on, row);
  if (!done) return store_fault(done.error());
  return token_answer(row, now);
}

model::api_error not_rotatable(std::string_view id, std::string_view state) {
  return model::make_error(model::api_errc::conflict, "'" + std::string(id) + "' is " + std::string(state) +
                                                          " and cannot be rotated: make a new one.");
}

model::api_error rotation_fault(const error_code& code, std::string_view id) {
  return code == store::errc::already_exists ? not_rotatable(id, "rotated") : store_fault(code);
}

awaitable<void> patch_token(management_call& call) {
  auto body = read_token_body(call.body, call.now);
  if (!body) return call.refuse(body.error());
  const auto* fixed = body->client_id ? "client_id" : body->env ? "env" : nullptr;
  if (fixed != nullptr)
    return call.refuse(
        model::make_error(model::api_errc::invalid_value,
                          "'" + std::string(fixed) + "' is fixed when a key or token is made; make a new one.", fixed));
  return call.commit([who = call.who, from = shelf_of(call.r.where.what), id = call.r.where.id, body = std::move(*body),
                      now = call.now](sql::connection& on) -> model::outcome<answer> {
    auto row = own(on, *who, from, id);
    if (!row) return row.error();
    return patch_row(on, *who, std::move(*row), body, now);
  });
}

}  // namespace

void write_token_members(json_writer& out, const token_record& row, epoch_ms now) {
  out.key("id").string(row.id).key("kind").string(row.kind).key("label").string(row.label);
  out.key("display").string(row.display);
  text_or_null(out, "env", row.env);
  out.key("brand_id").string(row.brand_id).key("client_id").string(row.client_id).key("role").string(row.role);
  text_list(out, "scopes", row.scopes);
  write_limits(out, row.limits);
  text_list(out, "allowed_models", row.allowed_models);
  text_list(out, "blocked_models", row.blocked_models);
  text_list(out, "allowed_cidrs", row.allowed_cidrs);
  out.key("state").string(auth::state_of(row, now));
  time_or_null(out, "expires_at", row.expires_at);
  time_or_null(out, "revoked_at", row.revoked_at);
  time_or_null(out, "last_used_at", row.last_used_at);
  time_or_null(out, "created_at", row.created_at);
  out.key("created_by").string(row.created_by);
  text_or_null(out, "rotated_to", row.rotated_to);
}

void write_secret(json_writer& out, const auth::issued& made) {
  const auto text = made.secret.reveal();
  out.key(made.row.kind == "key" ? "key" : "token").string(text);
  if (const auto parts = auth::triple_of(text))
    out.key("api_key").string(parts->api_key).key("api_secret").string(parts->api_secret);
}

awaitable<void> make_token(management_call& call, std::string_view kind, std::string client_id) {
  auto body = read_token_body(call.body, call.now);
  if (!body) return call.refuse(body.error());
  const bool in_path = !client_id.empty();
  if (in_path && body->client_id)
    return call.refuse(
        model::make_error(model::api_errc::invalid_value, "The client is named by the path already.", "client_id"));
  if (!body->label && !in_path)
    return call.refuse(model::make_error(model::api_errc::missing_field, "'label' is missing.", "label"));
  if (body->env && kind != "key")
    return call.refuse(model::make_error(model::api_errc::invalid_value, "Only keys have an 'env'.", "env"));
  token_record draft;
  draft.brand_id = call.who->brand_id;
  draft.client_id = in_path ? std::move(client_id) : body->client_id.value_or(call.who->client_id);
  draft.kind = kind;
  draft.label = "credentials";
  if (kind == "key") draft.env = body->env.value_or("prod");
  body->apply_to(draft);
  fill_rights(*call.who, *body, draft);
  if (auto found = misfit(draft)) return call.refuse(std::move(*found));
  if (auto found = beyond(*call.who, draft)) return call.refuse(std::move(*found));
  return call.commit(
      [who = call.who, draft, in_path, now_us = call.now_us, &random = call.shared().random](sql::connection& on) {
        return insert_token(on, {random, now_us, who->token_id}, draft, in_path);
      });
}

awaitable<void> serve_tokens(management_call& call) {
  if (call.r.x.head().method != "POST") return list_tokens(call);
  return make_token(call, call.r.where.what == resource::keys ? "key" : "pat");
}

awaitable<void> serve_token(management_call& call) {
  const auto method = call.r.x.head().method;
  if (method == "DELETE") return revoke_token(call);
  if (method == "PATCH") return patch_token(call);
  return call.show([who = call.who, from = shelf_of(call.r.where.what), id = call.r.where.id,
                    now = call.now](sql::connection& on) -> model::outcome<answer> {
    const auto row = own(on, *who, from, id);
    if (!row) return row.error();
    return token_answer(*row, now);
  });
}

awaitable<void> revoke_token(management_call& call) {
  return call.commit([who = call.who, from = shelf_of(call.r.where.what), id = call.r.where.id,
                      now = call.now](sql::connection& on) -> model::outcome<answer> {
    auto row = own(on, *who, from, id);
    if (!row) return row.error();
    if (auto found = beyond(*who, *row)) return std::move(*found);
    const auto done = store::tokens::revoke(on, id, now);
    if (!done) return store_fault(done.error());
    if (row->revoked_at == 0) row->revoked_at = now;
    return token_answer(*row, now);
  });
}

awaitable<void> rotate_token(management_call& call) {
  constexpr std::chrono::hours longest_grace{24 * 90};
  std::optional<std::chrono::milliseconds> grace;
  body_reader from(call.body);
  from.duration("grace", grace);
  if (grace && *grace > longest_grace) from.refuse("grace", "at most 90d");
  if (auto found = from.finish("a rotation")) return call.refuse(std::move(*found));
  return call.commit([who = call.who, kept = shelf_of(call.r.where.what), id = call.r.where.id, now_us = call.now_us,
                      grace = grace.value_or(std::chrono::hours(24)),
                      &random = call.shared().random](sql::connection& on) -> model::outcome<answer> {
    const auto old = own(on, *who, kept, id);
    if (!old) return old.error();
    if (auto found = beyond(*who, *old)) return std::move(*found);
    const auth::issuer by{random, now_us, who->token_id};
    if (const auto state = auth::state_of(*old, by.now()); state != "active") return not_rotatable(id, state);
    const auto done = auth::rotate(on, by, *old, grace);
    if (!done) return rotation_fault(done.error(), id);
    return shown_once(done->made, by.now(), id, done->old_ends_at);
  });
}

}  // namespace spidergate::api
