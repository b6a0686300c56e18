# frozen_string_literal: true

# Manifests and indexes of OCI types are shown; an index and a manifest list are one tag.
#
# What Portus does (2.2.0 to 2.5): lib/portus/registry_notification.rb (relevant?) drops every event whose media type is
# not Docker's, and raises for an event without one, so that the registry sends the whole batch again for ever;
# lib/portus/http_helpers.rb (perform_request) accepts Docker's schema 2 alone, so that the registry answers 404 for an
# OCI manifest, and for a list's tag the manifest of one platform; app/models/registry.rb (get_tag_from_target) takes
# any unknown tag for a manifest that was pushed by digest; lib/portus/registry_client.rb (calculate_tag_size, 2.5)
# raises for a list, which ends the background process; app/models/repository.rb (handle_delete_event) knows digests
# only, where a registry of version 3 deletes tags by name.

module PortusStack
  # What a manifest is, in the words and numbers that Portus has a place for.
  module OciManifests
    DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
    INDEXES = %w[
      application/vnd.docker.distribution.manifest.list.v2+json
      application/vnd.oci.image.index.v1+json
    ].freeze
    MANIFESTS = [DOCKER_MANIFEST, "application/vnd.oci.image.manifest.v1+json", *INDEXES].freeze
    IMAGES = %w[
      application/vnd.docker.container.image.v1+json
      application/vnd.oci.image.config.v1+json
    ].freeze
    EMPTY = "application/vnd.oci.empty.v1+json"
    # Twelve characters at most: Portus' page shows no more of an image id, which is the place for these words.
    WORDS = {
      /helm\.config/             => "Helm chart",
      /in-toto|dsse|attestation/ => "attestation",
      /simplesigning|signature/  => "signature",
      /spdx|cyclonedx|syft|sbom/ => "SBOM",
      /wasm/                     => "Wasm"
    }.freeze
    MULTI_ARCHITECTURE = "multi-arch"
    INDEX = "index"
    ARTIFACT = "artifact"
    # Of an index, over all depths. Manifests are some kilobytes long; a registry takes up to 4 MiB of each.
    MOST_CHILDREN = 64
    MOST_READ = 2 * 1024 * 1024
    MOST_DEPTH = 2
    DIGEST = /\A[\w.+-]+:\h{32,128}\z/
    # Portus keeps a size in a signed 64-bit column; nobody checks the sizes that a manifest claims.
    MOST_BYTES = 2**62
    LONGEST_NAME = 255
    # Portus keeps an event in a column of 65,535 bytes.
    MOST_EVENT_BYTES = 60_000
    MOST_REMEMBERED = 512
    MOST_REMEMBERED_LAYERS = 128

    # The answer of RegistryClient#manifest completed: image id or type, size, layers of an index's first image.
    def self.complete(client, repository, answer)
      manifest = answer.is_a?(Array) ? answer.last : answer.mf
      return answer unless manifest.is_a?(Hash)
      known = described(client, repository, manifest, answer.is_a?(Array) ? answer[1] : answer.digest)
      manifest = manifest.merge("layers" => known[:layers]) if index?(manifest) && known[:layers]
      return [known[:id], answer[1], manifest] if answer.is_a?(Array)
      answer.id = known[:id]
      answer.size = known[:size]
      answer.mf = manifest
      answer
    end

    # An index is read with all its children, so what was found is kept by its digest.
    def self.described(client, repository, manifest, digest)
      children = Children.new(client, repository)
      return describe(manifest, children, 0) unless index?(manifest)
      @remembered ||= {}
      @remembered[digest] || begin
        known = describe(manifest, children, 0)
        @remembered.shift if @remembered.size >= MOST_REMEMBERED
        @remembered[digest] = known unless children.failed || Array(known[:layers]).size > MOST_REMEMBERED_LAYERS
        known
      end
    end

    def self.index?(manifest)
      manifest["manifests"].is_a?(Array) && !manifest["config"].is_a?(Hash)
    end

    # { id:, size:, layers: } of a manifest; no size where a child was not read.
    def self.describe(manifest, children, depth)
      return describe_index(manifest, children, depth) if index?(manifest)
      config = descriptor(manifest["config"])
      layers = descriptors(manifest["layers"])
      parts = [config, *layers].select { |part| part["size"] && part["size"] >= 0 }
      parts.each { |part| children.blobs[part["digest"]] = part["size"] }
      {
        id:     type_of(manifest, config, layers) || config["digest"].to_s.split(":").last,
        size:   manifest["config"] ? bytes(parts.map { |part| part["size"] }) : nil,
        layers: layers
      }
    end

    # The first image goes first, so that it is read whatever the others are.
    def self.describe_index(manifest, children, depth)
      listed = descriptors(manifest["manifests"])
      images = listed.select { |child| platform?(child) }
      digests = listed.map { |child| child["digest"] }.uniq
      first = nil
      if digests.size > MOST_CHILDREN || depth >= MOST_DEPTH
        children.cut = true
      else
        first = children.read(images.first["digest"], depth + 1) if images.any?
        digests.each { |digest| children.read(digest, depth + 1, false) }
      end
      {
        id:     name_of_index(manifest, images.size, first),
        size:   children.cut || children.failed ? nil : bytes(children.blobs.values),
        layers: first && first[:layers]
      }
    end

    # What an index lists, at any depth: each digest is read once, and no more than MOST_CHILDREN manifests of
    # MOST_READ bytes together. Anybody who may push writes what is read here, and nothing of it is kept beside what
    # is asked for.
    class Children
      # blobs: digest and size of all that was found; cut: there is more than may be read; failed: the registry did not
      # tell.
      attr_reader :blobs, :failed
      attr_accessor :cut

      def initialize(client, repository)
        @client = client
        @repository = repository
        @read = {}
        @bytes = 0
        @blobs = {}
      end

      # The description of a manifest, nil where it was not read.
      def read(digest, depth, layers = true)
        return @read[digest] if @read.key?(digest)
        @read[digest] = nil
        known = describe(digest, depth)
        @read[digest] = layers || known.nil? ? known : known.merge(layers: nil)
      end

      private

      def describe(digest, depth)
        manifest = parsed(digest)
        manifest && OciManifests.describe(manifest, self, depth)
      end

      def parsed(digest)
        # Without one of them there is no size, and what else is asked for was read first.
        return nil if @cut || @failed
        return over if @read.size > MOST_CHILDREN
        body = @client.portus_stack_manifest(@repository, digest)
        @bytes += body.to_s.bytesize
        return over if @bytes > MOST_READ
        manifest = body && JSON.parse(body)
        return manifest if manifest.is_a?(Hash)
        @failed = true
        nil
      rescue StandardError => e
        Rails.logger.warn "Could not read #{@repository}@#{digest}: #{e.class}: #{e.message[0, LONGEST_NAME]}"
        over
      end

      def over
        @cut = true
        nil
      end
    end

    def self.name_of_index(manifest, images, first)
      return short(manifest["artifactType"]) || INDEX if images.zero?
      return MULTI_ARCHITECTURE if images > 1
      (first && first[:id]) || INDEX
    end

    # Of what a manifest tells of a part, what is needed here.
    def self.descriptor(one)
      return {} unless one.is_a?(Hash)
      kept = %w[digest mediaType].map { |key| [key, one[key]] }
      kept.select! { |_, value| value.is_a?(String) && value.size <= LONGEST_NAME }
      kept << ["size", one["size"]] if one["size"].is_a?(Integer)
      os = one["platform"].is_a?(Hash) ? one["platform"]["os"] : nil
      kept << ["platform", { "os" => os }] if os.is_a?(String) && os.size <= LONGEST_NAME
      kept.to_h
    end

    def self.descriptors(list)
      known = (list.is_a?(Array) ? list : []).select { |one| one.is_a?(Hash) && one["digest"].is_a?(String) }
      known.select { |one| one["digest"] =~ DIGEST }.map { |one| descriptor(one) }
    end

    # buildx lists what it attests as a manifest of the platform "unknown".
    def self.platform?(child)
      child["platform"] && child["platform"]["os"].present? && child["platform"]["os"] != "unknown"
    end

    def self.bytes(sizes)
      total = sizes.reduce(0, :+)
      total <= MOST_BYTES ? total : nil
    end

    # The name of what is no image, nil for an image.
    def self.type_of(manifest, config, layers)
      inside = layers.first && layers.first["mediaType"]
      type = config["mediaType"].to_s
      return word(inside) if IMAGES.include?(type)
      return nil unless type.present? || manifest["artifactType"].present?
      short(manifest["artifactType"].presence || (type == EMPTY ? inside : type)) || ARTIFACT
    end

    def self.word(type)
      (WORDS.find { |pattern, _| type.to_s =~ pattern } || []).last
    end

    def self.short(type)
      return nil if type.blank?
      return word(type) if word(type)
      bare = type.to_s.sub(%r{\Aapplication/}, "").sub(/\Avnd\./, "").sub(/(\.v\d+)?(\+\w+)?\z/, "")
      bare.gsub(%r{[^\w.+/-]}, "")[0, LONGEST_NAME].presence
    end

    # Whether a target is what Portus shows: a tagged manifest of any type that we know. Only manifests have tags.
    def self.shown?(target)
      type = target["mediaType"]
      type.blank? ? target["tag"].present? : MANIFESTS.include?(type)
    end

    # An event that fits Portus' column and the three-byte characters of its tables.
    def self.fitting(event)
      event = event.dup
      if event["request"].is_a?(Hash) && event["request"]["useragent"]
        plain = event["request"]["useragent"].to_s.scrub("?").gsub(/[^\x20-\x7e]/, "?")[0, LONGEST_NAME]
        event["request"] = event["request"].merge("useragent" => plain)
      end
      if event.to_json.bytesize > MOST_EVENT_BYTES && event["target"].is_a?(Hash)
        event["target"] = event["target"].reject { |key, _| key == "references" }
      end
      event
    end

    # In front of Portus::RegistryNotification's class methods.
    module Notification
      def process!(data, *handlers)
        events = data.is_a?(Hash) ? data["events"] : nil
        events = (events.is_a?(Array) ? events : []).select { |event| event.is_a?(Hash) }
        super({ "events" => events.map { |event| OciManifests.fitting(event) } }, *handlers)
      end

      def relevant?(event)
        target = event["target"]
        return super if !target.is_a?(Hash) || event["action"] == "delete"
        return true if OciManifests.shown?(target)
        return super if target["mediaType"].is_a?(String)
        Rails.logger.debug "Event discarded: it has neither a media type nor a tag"
        false
      end
    end

    # In front of Portus::RegistryClient.
    module Client
      def manifest(repository, tag = "latest")
        OciManifests.complete(self, repository, super)
      end

      # A manifest as it is written, nil where it cannot be read.
      def portus_stack_manifest(repository, digest)
        answer = perform_request("#{repository}/manifests/#{digest}", "get")
        return answer.body if answer.code.to_i == 200
        Rails.logger.warn "Could not fetch #{repository}@#{digest}: [#{answer.code}]"
        nil
      rescue StandardError => e
        Rails.logger.warn "Could not fetch #{repository}@#{digest}: #{e.class}: #{e.message}"
        nil
      end

      private

      def get_response_token(uri, req, *rest)
        req["Accept"] = MANIFESTS.join(", ") if req["Accept"] == DOCKER_MANIFEST
        super
      end
    end

    # In front of Portus::RegistryClient where it has sizes (2.5): Client#manifest tells the size of every type.
    module Size
      def calculate_tag_size(_manifest)
        nil
      end
    end

    # In front of Registry: the registry names the tag of whatever was pushed by one (Distribution 2.4).
    module Tags
      protected

      def get_tag_from_target(namespace, repo, target)
        return target["tag"] if target["tag"].present?
        return super if target["mediaType"].to_s.include?("manifest.v1+")
        logger.info "Not a tag: #{target["repository"]}@#{target["digest"]} (#{target["mediaType"]})"
        nil
      end
    end

    # In front of Repository's class methods.
    module Repositories
      # A registry of version 3 deletes a tag by its name: such an event has no digest.
      def handle_delete_event(event)
        target = event["target"]
        return super if target["digest"].present?
        registry = ::Registry.find_from_event(event)
        namespace, name, = registry && registry.get_namespace_from_event(event, false)
        repository = namespace && namespace.repositories.find_by(name: name)
        return if repository.nil? || repository.marked? || target["tag"].blank?
        tag = repository.tags.find_by(name: target["tag"], marked: false)
        OciManifests.remove(tag, repository, ::User.find_from_event(event)) if tag
      end

      # Synchronisation keeps the image id, too, of a tag that Portus knows.
      def update_tags(client, repository, *rest)
        seen = Seen.new(client)
        super(seen, repository, *rest)
        seen.found.each do |tag, id|
          same = repository.tags.where(name: tag)
          same.where("image_id IS NULL OR image_id <> ?", id).update_all(image_id: id) if id.present?
        end
      end
    end

    def self.remove(tag, repository, user)
      way = tag.respond_to?(:delete_by!) ? :delete_by! : :delete_and_update!
      tag.public_send(way, user)
      repository.reload
      repository.public_send(way, user) if repository.tags.empty?
    end

    # A client that remembers the image ids that it was told.
    class Seen < SimpleDelegator
      def found
        @found ||= {}
      end

      def manifest(repository, tag = "latest")
        answer = __getobj__.manifest(repository, tag)
        found[tag] = answer.is_a?(Array) ? answer.first : answer.id
        answer
      end
    end

    # What the modules above stand in front of: owner, method, arities.
    NEEDED = [
      ["Portus::RegistryNotification", :singleton, :process!, [1, -2]],
      ["Portus::RegistryNotification", :singleton, :relevant?, [1]],
      ["Portus::RegistryClient", :instance, :manifest, [-2]],
      ["Portus::RegistryClient", :instance, :perform_request, [-2]],
      ["Portus::RegistryClient", :instance, :get_response_token, [2, -3]],
      ["Registry", :singleton, :find_from_event, [1]],
      ["Registry", :instance, :get_namespace_from_event, [-2]],
      ["Registry", :instance, :get_tag_from_target, [3]],
      ["Repository", :singleton, :handle_delete_event, [1]],
      ["Repository", :singleton, :update_tags, [3, 4]],
      ["User", :singleton, :find_from_event, [1]]
    ].freeze

    def self.missing
      lacking = NEEDED.reject do |owner, kind, name, arities|
        there = owner.safe_constantize
        there = there.singleton_class if there && kind == :singleton
        there && (there.method_defined?(name) || there.private_method_defined?(name)) &&
          arities.include?(there.instance_method(name).arity)
      end
      lacking.map { |owner, kind, name,| "#{owner}#{kind == :singleton ? "." : "#"}#{name}" } + shapes
    end

    # RegistryClient#manifest answers an array up to 2.4 and a structure from 2.5 on; Repository tells which.
    def self.shapes
      names = %i[id_and_digest_from_event data_from_event]
      repository = "Repository".safe_constantize
      repository && names.one? { |name| repository.respond_to?(name) } ? [] : ["Repository.#{names.first}"]
    end

    def self.put_on
      lacking = missing.join(", ")
      return $stderr.puts("portus-stack: patch oci_manifests does not fit this Portus: #{lacking}") if lacking != ""
      sizes = ::Portus::RegistryClient.method_defined?(:calculate_tag_size)
      ::Portus::RegistryNotification.singleton_class.prepend(Notification)
      ::Portus::RegistryClient.prepend(Size) if sizes
      ::Portus::RegistryClient.prepend(Client)
      ::Registry.prepend(Tags)
      ::Repository.singleton_class.prepend(Repositories)
      $stderr.puts "portus-stack: patch oci_manifests is on"
    end
  end
end

Rails.application.config.to_prepare { PortusStack::OciManifests.put_on }
