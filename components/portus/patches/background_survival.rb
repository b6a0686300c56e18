# frozen_string_literal: true

# The background process goes on whatever the registry, the database or an event does, and loses no push.
#
# What Portus does (2.3 to 2.5): bin/background.rb rescues nothing, so that the process ends with the first exception of
# any of its tasks; lib/portus/background/sync.rb (execute!) knows some of them, and no answer but 200 and 404;
# app/models/repository.rb (id_and_digest_from_event) does not know AuthorizationError of lib/portus/http_helpers.rb,
# which is what a locked hidden user gets; app/models/registry_event.rb (handle!) writes `progress` before it begins,
# and lib/portus/background/registry.rb reads `fresh` only, so that an event that was begun is never finished.
#
# What this does: a push is shown at once, without image id where the registry does not tell, which is completed later.
# An event that fails is tried again while the others go on, and after TRIES it is set aside (status 3 in
# registry_events; Portus has 0 done, 1 progress, 2 fresh). A start takes up what was begun or set aside before, after
# all that is fresh and as 4: what the registry meanwhile contradicts is not repeated. What a start finds as 4 was begun
# twice when the process ended, so that it may be what ends it: it is given up (5), with a word. A user's webhook can
# hear of an event twice, never of none.

module PortusStack
  module BackgroundSurvival
    SET_ASIDE = 3
    BEGUN_AGAIN = 4
    GIVEN_UP = 5
    TRIES = 5
    SECONDS_PER_TRY = 2
    # Between two questions about an event that the registry could not answer.
    REGISTRY_SECONDS = 10
    # How long the registry may take while events wait, and how long it is left alone when it took longer.
    ANSWER_SECONDS = 10
    SILENCE_SECONDS = 30
    COMPLETION_SECONDS = 30
    COMPLETED_AT_ONCE = 20
    COMPLETION_AGE = 86_400
    SAME_WORD_SECONDS = 60
    STATUSES = { "done" => 0, "progress" => 1, "fresh" => 2 }.freeze
    ACCEPTED = %w[
      application/vnd.docker.distribution.manifest.v2+json
      application/vnd.docker.distribution.manifest.list.v2+json
      application/vnd.oci.image.manifest.v1+json
      application/vnd.oci.image.index.v1+json
    ].join(", ").freeze

    # The registry cannot say now whether an event still holds.
    class Unknown < StandardError; end

    def self.now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    # One line; the same one again after a minute only, for tasks run every two seconds.
    def self.say(words)
      @said ||= {}
      return if @said[words] && now - @said[words] < SAME_WORD_SECONDS
      @said.clear if @said.size > 100
      @said[words] = now
      tell(words)
    end

    # Not by Rails' log: from 2.5 on it is kept back in the process until there is more of it.
    def self.tell(words)
      $stderr.puts "portus-stack: #{words}"
    end

    def self.describe(error)
      "#{error.class}: #{error.message.to_s.lines.first.to_s.strip} (#{Array(error.backtrace).first})"
    end

    # The connection that failed is given back, so that the next statement opens another.
    def self.database?
      return true if ActiveRecord::Base.connection.active?
      ActiveRecord::Base.clear_all_connections!
      false
    rescue StandardError => e
      say("no database: #{describe(e)}")
      ActiveRecord::Base.clear_all_connections!
      false
    end

    # In front of every task of the background process.
    module Task
      def work?
        super
      rescue StandardError => e
        BackgroundSurvival.say("'#{self}' could not look for work: #{BackgroundSurvival.describe(e)}")
        BackgroundSurvival.database?
        false
      end

      def execute!
        super
      rescue StandardError => e
        BackgroundSurvival.say("'#{self}' failed and goes on: #{BackgroundSurvival.describe(e)}")
        BackgroundSurvival.database?
      end
    end

    # In place of Portus::Background::Registry#execute!.
    module Events
      def execute!
        @portus_stack_queue ||= Queue.new
        @portus_stack_queue.work
      end
    end

    # The events that wait, in their order; those that were begun before come last.
    class Queue
      def initialize
        @again = {}
        @taken_up = {}
        @tries = Hash.new(0)
        @later = {}
        @given_up = {}
        @completed_at = 0
        @interrupted = [STATUSES["progress"], SET_ASIDE]
      end

      def work
        take_up if @interrupted
        BackgroundSurvival.waiting do
          rows.where(status: STATUSES["fresh"]).order(:id).pluck(:id).each { |id| one(id) }
          @taken_up.keys.each { |id| one(id) }
          complete if BackgroundSurvival.now - @completed_at > COMPLETION_SECONDS
        end
      rescue StandardError
        @interrupted ||= [STATUSES["progress"], BEGUN_AGAIN]
        raise
      end

      private

      def rows
        ::RegistryEvent.all
      end

      # At the start, or after the database went away while this process went on.
      def take_up
        give_up unless @interrupted.include?(BEGUN_AGAIN)
        begun = rows.where("status IN (?)", @interrupted).order(:id).pluck(:id)
        rows.where(id: begun).update_all(status: STATUSES["progress"])
        begun.each { |id| @again[id] = @taken_up[id] = true }
        BackgroundSurvival.tell("#{begun.size} events that were begun are taken up") if begun.any?
        @interrupted = nil
      end

      def give_up
        twice = rows.where("status = ?", BEGUN_AGAIN).pluck(:id)
        mark(twice, GIVEN_UP)
        words = "is given up: the background process ended twice while it handled it"
        twice.each { |id| BackgroundSurvival.tell("event #{id} #{words}") }
      end

      # In SQL: Rails 5 takes no value for an enumeration that Portus does not know.
      def mark(ids, status)
        rows.where(id: ids).update_all(["status = ?", status])
      end

      def begun?(id)
        from, to = @taken_up[id] ? [STATUSES["progress"], BEGUN_AGAIN] : STATUSES.values_at("fresh", "progress")
        rows.where(id: id, status: from).update_all(["status = ?", to]) == 1
      end

      def one(id)
        return if @later[id] && BackgroundSurvival.now < @later[id]
        if begun?(id)
          handle(rows.find(id))
          mark(id, STATUSES["done"])
        end
        [@again, @taken_up, @tries, @later].each { |memory| memory.delete(id) }
      rescue Unknown => e
        wait(id, REGISTRY_SECONDS, e)
      rescue StandardError => e
        raise unless BackgroundSurvival.database?
        failed(id, e)
      end

      def handle(row)
        event = JSON.parse(row.data.to_s)
        if @again[row.id] || @tries[row.id] > 0
          return Rails.logger.info("portus-stack: event #{row.id} no longer holds") unless holds?(event)
          # Not by handle!, which writes `progress`.
          return hear(event, ::RegistryEvent::HANDLERS - (recorded?(row, event) ? [::Repository] : []))
        end
        ::RegistryEvent.handle!(event)
      end

      def wait(id, seconds, error)
        BackgroundSurvival.say("event #{id} waits: #{BackgroundSurvival.describe(error)}")
        @later[id] = BackgroundSurvival.now + seconds
        @again[id] = true
        mark(id, STATUSES[@taken_up[id] ? "progress" : "fresh"])
      end

      def failed(id, error)
        @tries[id] += 1
        return wait(id, SECONDS_PER_TRY * @tries[id], error) if @tries[id] < TRIES
        BackgroundSurvival.tell("event #{id} is set aside after #{TRIES} tries, the next start of the background " \
                                "process tries it again: #{BackgroundSurvival.describe(error)}")
        mark(id, SET_ASIDE)
        [@taken_up, @tries].each { |memory| memory.delete(id) }
      end

      # A late event must not undo what a later one did: the registry is asked. Raises Unknown.
      def holds?(event)
        target = event["target"]
        registry = ::Registry.find_from_event(event)
        # A registry of version 3 deletes a tag by its name: such an event has no digest.
        reference = target["digest"].presence || (target["tag"] if event["action"] == "delete")
        return true if registry.nil? || reference.blank?
        client = registry.client
        case event["action"]
        when "push"
          return true if target["tag"].blank?
          client.portus_stack_digest(target["repository"], target["tag"]) == target["digest"]
        when "delete"
          client.portus_stack_digest(target["repository"], reference).nil?
        else
          true
        end
      end

      # Whether the push was recorded before: its activity is the last thing that is written.
      def recorded?(row, event)
        return false unless event["action"] == "push" && event["target"]["tag"].present?
        repository = ::Registry.find_from_event(event)&.get_repository_from_event(event, false)
        tag = repository && repository.tags.find_by(name: event["target"]["tag"], digest: event["target"]["digest"])
        return false if tag.nil?
        activities = PublicActivity::Activity.where(key: "repository.push", recipient: tag)
        activities.where("created_at >= ?", row.created_at).exists?
      end

      def hear(event, handlers)
        handlers.each { |handler| handler.public_send("handle_#{event["action"]}_event", event) }
      end

      # Image id (and size) of what was recorded while the registry did not tell.
      def complete
        @completed_at = BackgroundSurvival.now
        recent = ::Tag.where(image_id: "", marked: false).where("updated_at > ?", COMPLETION_AGE.seconds.ago)
        recent = recent.where.not(digest: [nil, ""]).where.not(id: @given_up.keys)
        recent.order(:id).limit(COMPLETED_AT_ONCE).each { |tag| complete_one(tag) }
      end

      def complete_one(tag)
        answer = tag.repository.registry.client.manifest(tag.repository.full_name, tag.digest)
        id, size = answer.is_a?(Array) ? [answer.first, nil] : [answer.id, answer.size]
        return @given_up[tag.id] = true if id.blank?
        same = ::Tag.where(id: tag.id, digest: tag.digest)
        same.update_all(tag.has_attribute?(:size) ? { image_id: id, size: size } : { image_id: id })
      rescue ::Portus::Errors::NotFoundError
        @given_up[tag.id] = true
      rescue ::Portus::RequestError, ::Portus::RegistryClient::ManifestError => e
        BackgroundSurvival.say("no image id yet: #{BackgroundSurvival.describe(e)}")
      end
    end

    # While events wait, a silent registry is asked seldom and not for long: they are shown without it.
    def self.waiting
      @waiting = true
      yield
    ensure
      @waiting = false
    end

    def self.waiting?
      @waiting
    end

    def self.silent?
      waiting? && @silent_until && now < @silent_until
    end

    def self.timed
      began = now
      yield
    rescue StandardError
      @silent_until = now + SILENCE_SECONDS if waiting? && now - began > ANSWER_SECONDS / 2
      raise
    end

    # In front of Portus::RegistryClient: what its callers do not know becomes what they know.
    module Client
      def manifest(repository, tag = "latest")
        raise ::Portus::RegistryClient::ManifestError, "the registry did not answer" if BackgroundSurvival.silent?
        BackgroundSurvival.timed { super }
      rescue ::Portus::RequestError, ::Portus::Errors::NotFoundError, ::Portus::RegistryClient::ManifestError
        raise
      rescue StandardError => e
        raise ::Portus::RegistryClient::ManifestError, BackgroundSurvival.describe(e)
      end

      def catalog
        portus_stack_known { super }
      end

      def tags(repository)
        portus_stack_known { super }
      end

      def delete(name, digest, object = "blobs")
        portus_stack_known { super }
      end

      # The digest of what is there now, nil for nothing. Raises Unknown.
      def portus_stack_digest(repository, reference)
        raise "the registry did not answer" if BackgroundSurvival.silent?
        @portus_stack_any = true
        answer = BackgroundSurvival.timed { perform_request("#{repository}/manifests/#{reference}", "head") }
        return answer["Docker-Content-Digest"] if answer.code.to_i == 200
        return nil if answer.code.to_i == 404
        raise "[#{answer.code}]"
      rescue StandardError => e
        raise Unknown, "#{repository}:#{reference}: #{BackgroundSurvival.describe(e)}"
      ensure
        @portus_stack_any = false
      end

      protected

      # An answer without the list is no empty catalog: synchronisation would delete everything.
      def get_page(link)
        page, following = super
        wrong = !page.is_a?(Hash) || (link.include?("_catalog") && !page["repositories"].is_a?(Array))
        raise ::Portus::RegistryClient::RegistryError, "this is no answer of a registry: #{link}" if wrong
        [page, following]
      end

      private

      def portus_stack_known
        yield
      rescue ::Portus::RequestError, ::Portus::Errors::NotFoundError, ::Portus::RegistryClient::RegistryError
        raise
      rescue StandardError => e
        raise ::Portus::RegistryClient::RegistryError, BackgroundSurvival.describe(e)
      end

      def get_response_token(uri, req, timeout = nil)
        req["Accept"] = ACCEPTED if @portus_stack_any && req["Accept"]
        super(uri, req, timeout || (ANSWER_SECONDS if BackgroundSurvival.waiting?))
      end
    end

    TASKS = %w[Registry SecurityScanning Sync GarbageCollector LDAP].map { |name| "Portus::Background::#{name}" }.freeze

    # What is built on: owner, method, arity. The first three tasks are in every release.
    NEEDED = [
      *TASKS.first(3).flat_map { |task| [[task, :instance, :execute!, 0], [task, :instance, :work?, 0]] },
      ["Portus::RegistryClient", :instance, :manifest, -2],
      ["Portus::RegistryClient", :instance, :catalog, 0],
      ["Portus::RegistryClient", :instance, :tags, 1],
      ["Portus::RegistryClient", :instance, :delete, -3],
      ["Portus::RegistryClient", :instance, :get_page, 1],
      ["Portus::RegistryClient", :instance, :perform_request, -2],
      ["Portus::RegistryClient", :instance, :get_response_token, -3],
      ["Registry", :singleton, :find_from_event, 1],
      ["Registry", :instance, :get_repository_from_event, -2],
      ["RegistryEvent", :singleton, :handle!, 1]
    ].freeze
    CONSTANTS = %w[
      Portus::RegistryClient::ManifestError Portus::RegistryClient::RegistryError
      Portus::Errors::NotFoundError Portus::RequestError RegistryEvent::HANDLERS
    ].freeze

    # Rails finds Portus::LDAP, too, where there is no Portus::Background::LDAP.
    def self.constant(name)
      there = name.safe_constantize
      there if there.is_a?(Module) && there.name == name
    end

    def self.missing
      lacking = NEEDED.reject do |owner, kind, name, arity|
        there = constant(owner)
        there = there.singleton_class if there && kind == :singleton
        there && (there.method_defined?(name) || there.private_method_defined?(name)) &&
          there.instance_method(name).arity == arity
      end
      lacking.map { |owner, kind, name,| "#{owner}#{kind == :singleton ? "." : "#"}#{name}" } +
        CONSTANTS.reject(&:safe_constantize) + statuses
    end

    def self.statuses
      events = "RegistryEvent".safe_constantize
      events.respond_to?(:statuses) && events.statuses.to_h == STATUSES ? [] : ["RegistryEvent.statuses"]
    end

    def self.put_on
      lacking = missing.join(", ")
      return $stderr.puts("portus-stack: patch background_survival does not fit this Portus: #{lacking}") if lacking != ""
      ::Portus::RegistryClient.prepend(Client)
      ::Portus::Background::Registry.prepend(Events)
      TASKS.map { |name| constant(name) }.compact.each { |task| task.prepend(Task) }
      $stderr.puts "portus-stack: patch background_survival is on"
    end
  end
end

Rails.application.config.to_prepare { PortusStack::BackgroundSurvival.put_on }
