#include "command_tree.hpp"

#include "accounting.hpp"
#include "doctor.hpp"
#include "provider_keys.hpp"
#include "routing.hpp"
#include "tenants.hpp"
#include "tokens.hpp"
#include "upkeep.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

namespace spidergate::cli {

struct command_tree::impl {
  const serve_function& serve;
  std::istream& stdin_stream;
  CLI::App app{"A self-hosted LLM gateway with an OpenAI-compatible API.", "spidergate"};
  chosen_command chosen;
  command_node root;

  impl(const serve_function& s, std::istream& in) : serve(s), stdin_stream(in) {
    app.fallthrough();  // global options may follow any command
    app.require_subcommand(1);
    app.add_option("--config", chosen.common.config_path, "the configuration file")->type_name("FILE");
    app.add_option("--data-dir", chosen.common.data_dir, "where database, key and spool are")->type_name("DIR");
    app.add_flag("--json", chosen.common.json, "print data as JSON");
    add_serve();
    add_tokens("key", "key", "API keys (sg_key_…) for inference");
    add_tokens("token", "pat", "tokens with a role and scopes, for management: personal ones and clients' credentials");
    add_brands();
    add_clients();
    add_providers();
    add_aliases();
    add_accounting();
    add_upkeep();
    root = node_of(app);
  }

  /// A command that holds others.
  CLI::App* group(const std::string& name, const std::string& about) {
    auto* made = app.add_subcommand(name, about);
    made->require_subcommand(1);
    return made;
  }

  void act(CLI::App* command, std::function<exit_code(context&)> what) {
    command->callback(
        [this, what = std::move(what)] { chosen.act = [what](context& in) { return static_cast<int>(what(in)); }; });
  }

  /// A command whose options are bound to `with`, which lives as long as its callback.
  template <class Options>
  void act(CLI::App* command, std::shared_ptr<Options> with, exit_code (*what)(context&, const Options&)) {
    act(command, [with = std::move(with), what](context& in) { return what(in, *with); });
  }

  void add_serve() {
    auto* command = app.add_subcommand("serve", "run the gateway")->alias("start");
    auto flags = std::make_shared<std::vector<config::flag_value>>();
    const auto add = [&](const std::string& name, const std::string& key, const std::string& about) {
      command->add_option_function<std::string>(
          name,
          [flags, name, key](const std::string& text) { flags->push_back({.name = name, .key = key, .text = text}); },
          about);
    };
    add("--listen", "server.listen", "address and port of the public listener");
    add("--admin-listen", "server.admin_listen", "address and port of the admin listener");
    add("--threads", "server.threads", "worker threads; 0: one per core");
    command->callback([this, flags] {
      chosen.act = [this, flags](context& in) {
        for (const auto& flag : *flags) in.add_flag(flag);
        return serve(in);
      };
    });
  }

  /// Of a brand, a client or a token.
  static void add_limits(CLI::App* command, limit_options& o) {
    command->add_option("--rate-limit", o.rpm, "requests per minute; -1: no limit");
    command->add_option("--rpd", o.rpd, "requests per day");
    command->add_option("--tpm", o.tpm, "tokens per minute");
    command->add_option("--max-parallel", o.max_parallel, "requests at the same time");
    command->add_option("--budget-per-request", o.per_request, "the most that one request may cost, in US dollars");
    command->add_option("--budget-daily", o.daily, "US dollars per day (UTC)");
    command->add_option("--budget-weekly", o.weekly, "US dollars per week, from Monday");
    command->add_option("--budget-monthly", o.monthly, "US dollars per calendar month");
  }

  static void add_rights(CLI::App* command, std::string& role, std::string& scopes) {
    command->add_option("--role", role, "owner, admin, member or viewer; without it, what the scopes need");
    command->add_option("--scopes", scopes, "of inference, usage, vault, admin; without it, those of the role");
  }

  void add_new_token(CLI::App* holder, const std::string& kind) {
    auto* command = holder->add_subcommand("create", "make one; the secret is printed once");
    auto o = std::make_shared<new_token_options>();
    o->kind = kind;
    command->add_option("--label", o->label, "what it is for")->required();
    command->add_option("--brand", o->brand, "whose it is (default)");
    command->add_option("--client", o->client, "id or name of the brand's client (default)");
    if (kind == "key") command->add_option("--env", o->env, "prod or dev");
    add_rights(command, o->role, o->scopes);
    add_limits(command, o->limits);
    command->add_option("--models", o->models, "models that it may use, globs: a,b");
    command->add_option("--block-models", o->blocked_models, "models that it may not use, globs: a,b");
    command->add_option("--ip", o->cidrs, "addresses and networks that it works from: a,b");
    command->add_option("--expires", o->expires, "when it ends, from now: 90d");
    act(command, o, create_token);
  }

  void add_tokens(const std::string& name, const std::string& kind, const std::string& about) {
    auto* holder = group(name, about);
    add_new_token(holder, kind);
    const auto add = [&](const std::string& verb, const std::string& what, bool one,
                         exit_code (*run)(context&, const token_options&)) {
      auto* command = holder->add_subcommand(verb, what);
      auto o = std::make_shared<token_options>();
      o->kind = kind;
      if (one) command->add_option("ID", o->id, "tok_…")->required();
      if (verb == "list") command->add_option("--brand", o->brand, "of this brand only");
      if (verb == "rotate") command->add_option("--grace", o->grace, "how long the old one still works (24h)");
      act(command, o, run);
    };
    add("list", "all of them", false, list_tokens);
    add("show", "one with its limits", true, show_token);
    add("revoke", "end one at once", true, revoke_token);
    add("rotate", "replace one by a new one with the same properties", true, rotate_token);
  }

  void add_brands() {
    auto* holder = group("brand", "tenants");
    const auto add = [&](const std::string& verb, const std::string& about,
                         exit_code (*run)(context&, const brand_options&)) {
      auto* command = holder->add_subcommand(verb, about);
      auto o = std::make_shared<brand_options>();
      command->add_option("NAME", o->name)->required();
      if (verb == "create") command->add_flag("--no-pool", o->no_pool, "it may not use pool keys");
      if (verb == "set")
        command->add_option("--pool-access", o->pool_access, "whether it may use pool keys: on or off");
      add_limits(command, o->limits);
      act(command, o, run);
    };
    add("create", "make a brand, with a client", create_brand);
    act(holder->add_subcommand("list", "all brands"), list_brands);
    add("set", "change a brand's limits, budgets or pool access", set_brand);
  }

  void add_clients() {
    auto* holder = group("client", "a brand's clients and their credentials");
    auto c = std::make_shared<client_options>();
    auto* create = holder->add_subcommand("create", "make a client; its credentials are printed once");
    create->add_option("NAME", c->name)->required();
    create->add_option("--brand", c->brand, "whose it is (default)");
    create->add_flag("--no-credentials", c->no_credentials, "only keys and tokens will be made for it");
    add_rights(create, c->role, c->scopes);
    add_limits(create, c->limits);
    act(create, c, create_client);
    auto l = std::make_shared<client_options>();
    auto* list = holder->add_subcommand("list", "all clients");
    list->add_option("--brand", l->brand, "of this brand only");
    act(list, l, list_clients);
    auto r = std::make_shared<client_id_option>();
    auto* revoke = holder->add_subcommand("revoke", "end a client with all its keys and tokens at once");
    revoke->add_option("ID", r->id, "cli_…")->required();
    act(revoke, r, revoke_client);
  }

  void add_provider_add(CLI::App* holder) {
    auto* command = holder->add_subcommand("add", "store a provider's key; asks for it where it is not piped in");
    auto o = std::make_shared<new_provider_key_options>();
    command->add_option("NAME", o->provider, "the provider, such as groq")->required();
    command->add_option("--label", o->label, "to tell keys of one provider apart (default)");
    command->add_option("--brand", o->brand, "for this brand alone; without it the key is for all");
    command->add_option("--daily-limit", o->daily_limit, "requests per day");
    command->add_option("--minute-limit", o->minute_limit, "requests per minute");
    command->add_option("--priority", o->priority, "higher is used first");
    command->add_flag("--primary", o->primary, "used before all others");
    command->add_option("--expires", o->expires, "when it ends, from now: 90d");
    command->add_option("--base-url", o->source.base_url, "where the key is for, if not the provider's own address");
    command->add_option("--credential", o->source.settings, "a setting that is no secret: region=eu-west-1")
        ->take_all()
        ->expected(1);
    command->add_flag("--api-key-stdin", o->source.secret_on_stdin, "read the key from standard input");
    command->add_option("--api-key", o->key_as_argument)->group("");
    act(command, [this, o](context& in) { return add_provider_key(in, *o, stdin_stream); });
  }

  void add_providers() {
    auto* holder = group("provider", "provider keys");
    add_provider_add(holder);
    auto l = std::make_shared<provider_options>();
    auto* list = holder->add_subcommand("list", "stored keys, masked");
    list->add_option("NAME", l->name, "of this provider only");
    act(list, l, list_provider_keys);
    auto t = std::make_shared<provider_options>();
    auto* test = holder->add_subcommand("test", "try every key of a provider by one real call");
    test->add_option("NAME", t->name, "the provider")->required();
    act(test, t, test_provider);
    act(holder->add_subcommand("health", "how the keys have been doing"), show_provider_health);
    act(holder->add_subcommand("docs", "what is known of each provider, as a page of Markdown"), print_provider_page);
    auto r = std::make_shared<provider_options>();
    auto* remove = holder->add_subcommand("remove", "delete a stored key");
    remove->add_option("ID", r->name, "int_…")->required();
    act(remove, r, remove_provider_key);
  }

  void add_aliases() {
    auto* holder = group("alias", "names for a job, each with a chain of models");
    act(holder->add_subcommand("list", "built-in ones and your own"), list_aliases);
    const auto add = [&](const std::string& verb, const std::string& about,
                         exit_code (*run)(context&, const alias_options&)) {
      auto* command = holder->add_subcommand(verb, about);
      auto o = std::make_shared<alias_options>();
      command->add_option("NAME", o->name)->required();
      if (verb == "set") command->add_option("ENTRY", o->entries, "provider/model or another alias")->required();
      command->add_option("--brand", o->brand,
                          verb == "set" ? "for this brand alone" : "as this brand sees it (default)");
      act(command, o, run);
    };
    add("show", "its chain in the order of attempts, and why", show_alias);
    add("set", "give it a chain", set_alias);
    auto m = std::make_shared<model_options>();
    auto* models = app.add_subcommand("models", "the catalogue");
    models->add_option("--provider", m->provider, "of this provider only");
    act(models, m, list_models);
  }

  void add_accounting() {
    auto r = std::make_shared<receipt_options>();
    auto* receipt = app.add_subcommand("receipt", "what became of a request");
    receipt->add_option("ID", r->id, "the request's id")->required();
    act(receipt, r, show_receipt);
    auto l = std::make_shared<log_options>();
    auto* logs = app.add_subcommand("logs", "the newest requests, one line each");
    logs->add_flag("--follow", l->follow, "go on until interrupted");
    logs->add_option("--last", l->last, "how many (50)");
    logs->add_option("--brand", l->brand, "of this brand only");
    act(logs, l, show_logs);
    auto u = std::make_shared<usage_options>();
    auto* usage = app.add_subcommand("usage", "requests, tokens and cost");
    usage->add_option("--by", u->by, "model, provider, key, client, brand, alias, day or hour");
    usage->add_option("--since", u->since, "a time back from now: 7d");
    usage->add_option("--brand", u->brand, "of this brand only");
    act(usage, u, show_usage);
  }

  void add_completion() {
    auto* command = app.add_subcommand("completion", "a completion script for a shell");
    auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    act(command, [this, shell](context& in) {
      in.out() << completion_script(root, *shell);
      return exit_code::ok;
    });
  }

  void add_upkeep() {
    act(group("vault", "the vault's keys")
            ->add_subcommand("rotate-master", "wrap every stored key by the current master key"),
        rotate_master);
    act(app.add_subcommand("migrate", "bring the database up to date"), migrate_database);
    act(group("config", "the configuration")
            ->add_subcommand("check", "validate and print what takes effect, and from where"),
        check_config);
    act(app.add_subcommand("doctor", "check everything and say how to mend it"), examine);
    add_completion();
    act(app.add_subcommand("version", "which version this is"), show_version);
  }

  static command_node node_of(CLI::App& from) {
    command_node node{
        .name = from.get_name(), .description = from.get_description(), .options = {}, .children = {}, .values = {}};
    for (const auto* o : from.get_options()) {
      if (o->get_positional()) continue;
      for (const auto& name : o->get_lnames())
        node.options.push_back({.name = "--" + name,
                                .description = o->get_description(),
                                .takes_value = o->get_items_expected_max() > 0,
                                .hidden = o->get_group().empty()});
    }
    for (auto* child : from.get_subcommands([](CLI::App*) { return true; })) {
      node.children.push_back(node_of(*child));
      for (const auto& alias : child->get_aliases()) {
        node.children.push_back(node.children.back());
        node.children.back().name = alias;
      }
    }
    if (node.name == "completion") node.values = {"bash", "zsh", "fish"};
    return node;
  }

  /// The command that was named, for messages: "spidergate key create".
  std::string words() {
    std::string text = app.get_name();
    for (const auto* at = &app; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      text += " " + at->get_name();
    }
    return text;
  }
};

command_tree::command_tree(const serve_function& serve, std::istream& stdin_stream)
    : impl_(std::make_unique<impl>(serve, stdin_stream)) {}
command_tree::~command_tree() = default;

const command_node& command_tree::nodes() const noexcept {
  return impl_->root;
}

chosen_command command_tree::read(std::span<const std::string> arguments) {
  if (const auto wrong = misspelling(impl_->root, arguments)) throw command_error{exit_code::usage, *wrong};
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    impl_->app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    impl_->chosen.text = impl_->app.help();
    impl_->chosen.act = nullptr;
  } catch (const CLI::ExtrasError&) {
    // The words themselves are not repeated: one of them may be a key.
    throw command_error{exit_code::usage,
                        "More was given than `" + impl_->words() + "` takes: see `" + impl_->words() + " --help`."};
  } catch (const CLI::ParseError& error) {
    throw command_error{exit_code::usage, std::string(error.what()) + ": see `" + impl_->words() + " --help`."};
  }
  return std::move(impl_->chosen);
}

}  // namespace spidergate::cli
