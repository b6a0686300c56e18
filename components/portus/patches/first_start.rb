# frozen_string_literal: true

# A first start that was interrupted goes on: a database that never held anything is made anew.
#
# Portus sees more than one table and migrates (lib/tasks/portus/db.rake, `configure`), which ends with "already exists"
# for ever when the schema was loaded in part; and a schema without the hidden user of db/seeds.rb passes for ready
# (lib/portus/db.rb, `migrations?`). The facts that decide: each table is one of db/schema.rb, and none has a row. A
# database that was ever set up has the hidden user. One with a row, or with a table of somebody else, is left as it is.
#
# From 2.3 on Portus also looks for the word "down" in all that `rake db:migrate:status` prints (lib/portus/db.rb,
# `migrations?`). The public name is printed too (config/initializers/mail.rb), so that with `downloads.example.com` it
# migrates for ever. Here the versions are compared.
module PortusStack
  # What the web application does before it looks at its database.
  module FirstStart
    BOOKKEEPING = %w[schema_migrations ar_internal_metadata].freeze
    SETTING_UP = %w[portus:db:configure db:setup].freeze
    LOCK = "portus_stack_first_start"

    class << self
      def say(words)
        $stderr.puts "portus-stack: #{words}"
      end

      # What this needs and this Portus lacks, or nil.
      def missing
        return "db/schema.rb" if own_tables.empty?
        return "db/migrate" if versions.empty?

        "db/seeds.rb" unless Rails.root.join("db", "seeds.rb").file?
      end

      # The tasks with which this process was started, [] where it is no rake.
      def tasks
        defined?(Rake) && Rake.respond_to?(:application) ? Rake.application.top_level_tasks : []
      end

      def setting_up?
        (tasks & SETTING_UP).any?
      end

      # Drop an unfinished schema, so that what this process was started for makes it anew.
      def drop_unfinished
        tables = connection.tables
        return if tables.empty? || !never_used?(tables) || !alone?

        say "the database was never set up to the end and holds nothing: it is made anew (#{tables.size} tables)"
        connection.execute("SET FOREIGN_KEY_CHECKS = 0")
        tables.each { |table| connection.execute("DROP TABLE #{connection.quote_table_name(table)}") }
        connection.execute("SET FOREIGN_KEY_CHECKS = 1")
        connection.schema_cache.clear!
      end

      # Add what the set-up would have added next.
      def seed_unfinished
        tables = connection.tables
        return unless (own_tables - tables).empty? && never_used?(tables) && migrated? && alone?

        say "the database has its tables and nothing in them: the set-up goes on"
        Rails.application.load_seed
      end

      # Whether the database is there to be asked; a first start comes before that.
      def reachable?
        connection.tables
        true
      rescue StandardError
        false
      end

      # Whether every migration of this release was done.
      def migrated?
        done = connection.select_values("SELECT version FROM schema_migrations").map(&:to_s)
        (versions - done).empty?
      end

      private

      def connection
        ActiveRecord::Base.connection
      end

      def own_tables
        @own_tables ||= File.read(Rails.root.join("db", "schema.rb")).scan(/^\s*create_table "(\w+)"/).flatten
      rescue SystemCallError
        []
      end

      def versions
        Dir[Rails.root.join("db", "migrate", "*.rb")].map { |path| File.basename(path).to_i.to_s }
      end

      def never_used?(tables)
        strange = tables - own_tables - BOOKKEEPING
        if strange.any?
          say "the database has tables that are not Portus': nothing is changed (#{strange.first(3).join(", ")})"
          return false
        end
        (tables - BOOKKEEPING).none? { |table| row?(table) }
      end

      def row?(table)
        connection.select_values("SELECT 1 FROM #{connection.quote_table_name(table)} LIMIT 1").any?
      end

      # Nobody else is at it; the lock ends with the connection.
      def alone?
        connection.select_value("SELECT GET_LOCK('#{LOCK}', 0)").to_i == 1
      end
    end

    # In front of Portus::DB, which 2.0 to 2.2 do not have.
    module Status
      def migrations?
        FirstStart.migrated? if ActiveRecord::Base.connection.table_exists?("schema_migrations")
      end
    end
  end
end

lacking = PortusStack::FirstStart.missing
if lacking
  $stderr.puts "portus-stack: patch first_start does not fit this Portus: there is no #{lacking}"
else
  if Rails.root.join("lib", "portus", "db.rb").file?
    require "portus/db"
    Portus::DB.singleton_class.prepend(PortusStack::FirstStart::Status)
  end
  $stderr.puts "portus-stack: patch first_start is on"
  if ENV["PORTUS_BACKGROUND"].to_s.empty? && PortusStack::FirstStart.reachable?
    if PortusStack::FirstStart.setting_up?
      PortusStack::FirstStart.drop_unfinished
    elsif PortusStack::FirstStart.tasks.empty?
      Rails.application.config.after_initialize { PortusStack::FirstStart.seed_unfinished }
    end
  end
end
