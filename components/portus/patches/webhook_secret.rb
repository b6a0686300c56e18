# frozen_string_literal: true

# Portus 2.0 to 2.5 believes every event that is sent to /v2/webhooks/events, whoever sends it. Here an event counts only
# with the secret that the registry sends as "Authorization: Bearer SECRET"; anything else is 401 and stores nothing.
# Without its file Portus does not start: an open webhook would go unnoticed.
#
# Source: SUSE/Portus app/controllers/api/v2/events_controller.rb at 2.0.5 to v2.5.

require "digest"

module PortusStackWebhookSecret
  FILE = "/etc/portus-stack/webhook-secret"

  class << self
    attr_accessor :expected

    def missing
      controller = "Api::V2::EventsController".safe_constantize
      return ["Api::V2::EventsController"] unless controller

      controller.action_methods.include?("create") ? [] : ["Api::V2::EventsController#create"]
    end

    def digest(text)
      Digest::SHA256.hexdigest(text)
    end

    def secret
      secret = File.read(FILE).strip
      raise "portus-stack: #{FILE} is empty" if secret.empty?

      secret
    end
  end

  def create
    given = PortusStackWebhookSecret.digest(request.headers["Authorization"].to_s)
    if Rack::Utils.secure_compare(given, PortusStackWebhookSecret.expected)
      super
    else
      logger.info "portus-stack: an event without the registry's secret is refused"
      head :unauthorized
    end
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackWebhookSecret.missing
  if missing.empty?
    PortusStackWebhookSecret.expected = PortusStackWebhookSecret.digest("Bearer #{PortusStackWebhookSecret.secret}")
    Api::V2::EventsController.send(:prepend, PortusStackWebhookSecret)
    $stderr.puts "portus-stack: patch webhook_secret is on"
  else
    $stderr.puts "portus-stack: patch webhook_secret does not fit this Portus: #{missing.join(", ")}"
  end
end
