#include "environment.hpp"
#include "file.hpp"

#include <spidergate/config/load.hpp>
#include <spidergate/core/ascii.hpp>

#include <filesystem>
#include <functional>

namespace spidergate::config {
namespace {

/// A setting on its way: the default, then what file, environment and flags made of it.
struct slot {
  const declaration* what;
  read_value current;
  std::string origin;
};

/// The change watch, the ledger's loader, the writer and one reader.
constexpr int least_postgresql_pool = 4;

class loader {
 public:
  explicit loader(const load_input& input) : input_(input) {}

  boost::system::result<loaded, std::vector<fault>> run() {
    auto contents = read_file();
    take_defaults();
    for (const auto& [what, raw, where] : contents.entries) take(*what, raw, where, where);
    for (const auto& entry : read_environment(input_.environment, faults_)) take(entry);
    for (const auto& flag : input_.flags) take(flag);

    resolve_paths();
    loaded made;
    for (const auto& slot : slots_) slot.what->store(made.values, slot.current.typed);
    resolve_database(made.values);
    check_together(made.values);
    made.values.overlay = std::move(contents.overlay);
    build_catalogue(made, contents.places);
    if (!faults_.empty()) return std::move(faults_);

    made.config_path = config_path_;
    describe(made);
    for (auto& shown : contents.overlay_values) made.effective.push_back(std::move(shown));
    return made;
  }

 private:
  std::string environment(const std::string& name) const {
    const auto found = input_.environment.find(name);
    return found == input_.environment.end() ? std::string{} : found->second;
  }

  file_contents read_file() {
    std::string origin = "flag --config";
    config_path_ = input_.config_path.value_or("");
    if (config_path_.empty()) {
      config_path_ = environment("SPIDERGATE_CONFIG");
      origin = "environment SPIDERGATE_CONFIG";
    }
    std::error_code ignored;
    if (config_path_.empty()) {
      if (!std::filesystem::exists(input_.usual_path, ignored)) return {};
      config_path_ = input_.usual_path;
      origin = "the working directory";
    }
    const auto text =
        std::filesystem::is_directory(config_path_, ignored) ? std::nullopt : read_small_file(config_path_);
    if (text) return read_file_text(config_path_, *text, faults_);
    faults_.push_back({origin, "", "the config file '" + config_path_ + "' cannot be read"});
    return {};
  }

  void take_defaults() {
    for (const auto& declared : declarations())
      slots_.push_back({&declared, read(declared, std::string(declared.fallback)).value(), "default"});
  }

  slot& slot_of(const declaration& what) { return slots_[static_cast<std::size_t>(&what - declarations().data())]; }

  void take(const declaration& what, const raw_value& raw, const std::string& origin, const std::string& where) {
    if (auto value = read(what, raw)) {
      auto& slot = slot_of(what);
      slot.current = *std::move(value);
      slot.origin = origin;
      return;
    }
    const auto* text = std::get_if<std::string>(&raw);
    // What may hold a password is not repeated, for it would end up in a log.
    const bool quotable = text != nullptr && !what.may_be_file() && text->size() <= 100;
    faults_.push_back(
        {where, std::string(what.key),
         (quotable ? "is '" + *text + "'; allowed is " : "is not what is allowed: ") + allowed_in_words(what)});
  }

  void take(const env_entry& entry) {
    std::string text = entry.text;
    if (entry.form == env_form::days && text.find_first_not_of("0123456789") == std::string::npos) text += 'd';
    if (entry.form == env_form::port && text.find_first_not_of("0123456789") == std::string::npos) {
      auto address = std::get<listen_address>(slot_of(*entry.what).current.typed);
      const auto colon = address.text().rfind(':');
      text = address.text().substr(0, colon + 1) + text;
    }
    take(*entry.what, text, entry.origin, entry.origin);
  }

  void take(const flag_value& flag) {
    const auto where = "flag " + flag.name;
    if (const auto* what = find_declaration(flag.key))
      take(*what, flag.text, where, where);
    else
      faults_.push_back({where, flag.key, "there is no such setting"});
  }

  /// A leading ~ is the home folder, and data_dir is absolute: the working directory must not decide where data lies.
  void resolve_paths() {
    const auto home = environment("HOME");
    for (auto& slot : slots_) {
      if (slot.what->type != kind::path) continue;
      auto& path = std::get<std::string>(slot.current.typed);
      if (path == "~" || path.starts_with("~/")) {
        if (home.empty())
          faults_.push_back({slot.origin, std::string(slot.what->key), "begins with ~, and HOME is not set"});
        else
          path = home + path.substr(1);
      }
      if (slot.what->key == "data_dir" && path.empty()) faults_.push_back({slot.origin, "data_dir", "is empty"});
      slot.current.text = path;
    }
  }

  void resolve_database(settings& values) {
    constexpr std::string_view scheme = "sqlite://", placeholder = "{data_dir}";
    std::string url(values.database.url.reveal());
    if (!url.starts_with(scheme)) {
      values.database.kind = database_kind::postgresql;
      return;
    }
    if (const auto at = url.find(placeholder); at != std::string::npos)
      url.replace(at, placeholder.size(), values.data_dir);
    values.database.kind = database_kind::sqlite;
    values.database.sqlite_path = url.substr(scheme.size());
    slot_of(*find_declaration("database.url")).current.text = url;
    values.database.url = secret_string(url);
  }

  void add_fault(std::string_view key, std::string message) {
    faults_.push_back({slot_of(*find_declaration(key)).origin, std::string(key), std::move(message)});
  }

  void check_together(const settings& values) {
    const auto& tls = values.server.tls;
    if (tls.cert_file.empty() != tls.key_file.empty())
      add_fault(tls.cert_file.empty() ? "server.tls.key_file" : "server.tls.cert_file",
                "cert_file and key_file go together: give both or neither");
    if (values.server.listen.port != 0 && values.server.listen == values.server.admin_listen)
      add_fault("server.admin_listen", "is the same as server.listen");
    if (values.database.kind == database_kind::postgresql && values.database.pool_size < least_postgresql_pool)
      add_fault("database.pool_size",
                "is too small for PostgreSQL: at least 4 connections are needed, for the change watch, the ledger's "
                "loader, the writer and one reader");
    if (values.cache.semantic.enabled && values.cache.semantic.embedding_model.empty())
      add_fault("cache.semantic.enabled", "needs cache.semantic.embedding_model");
  }

  void build_catalogue(loaded& made, const std::map<std::string, std::string>& places) {
    auto built = catalogue::catalogue::build(made.values.overlay);
    if (built) {
      made.catalogue = *std::move(built);
      return;
    }
    // The message begins with the key at fault; the longest known beginning of it says where that stands.
    const auto& message = built.error();
    std::string where = config_path_;
    std::size_t longest = 0;
    for (const auto& [key, place] : places) {
      const bool begins = message.starts_with(key) && message.size() > key.size() &&
                          (message[key.size()] == ':' || message[key.size()] == '.');
      if (!begins || key.size() < longest) continue;
      longest = key.size();
      where = place;
    }
    faults_.push_back({where, "", message});
  }

  void describe(loaded& made) const {
    for (const auto& [what, current, origin] : slots_) {
      std::vector<std::string> path;
      for (const auto part : split(what->key, '.')) path.emplace_back(part);
      made.effective.push_back({std::move(path), masked(*what, current.text), origin, what->restart_needed,
                                std::hash<std::string>{}(current.text)});
    }
  }

  const load_input& input_;
  std::vector<fault> faults_;
  std::vector<slot> slots_;
  std::string config_path_;
};

}  // namespace

std::string fault::text() const {
  return where + ": " + (key.empty() ? "" : key + ' ') + message;
}

boost::system::result<loaded, std::vector<fault>> load(const load_input& input) {
  return loader(input).run();
}

std::vector<std::string> changes_needing_restart(const loaded& before, const loaded& after) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < before.effective.size() && i < after.effective.size() && i < declarations().size(); ++i)
    if (before.effective[i].restart_needed && before.effective[i].digest != after.effective[i].digest)
      keys.emplace_back(declarations()[i].key);
  return keys;
}

}  // namespace spidergate::config
