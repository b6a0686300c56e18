# frozen_string_literal: true

# Portus 2.0 to 2.5 writes into a token the user whom the request names in "account", whoever authenticated: a push is
# shown as somebody else's, and as nobody's where a client names none (crane, containerd, buildx, jib, kaniko). Here it
# is who authenticated; nobody, when nobody did.
#
# Source: SUSE/Portus app/controllers/api/v2/tokens_controller.rb (show), app/models/user.rb (find_from_event) at 2.0.5
# to v2.5.

module PortusStackTokenSubject
  def self.missing
    controller = "Api::V2::TokensController".safe_constantize
    return ["Api::V2::TokensController"] unless controller

    controller.action_methods.include?("show") ? [] : ["Api::V2::TokensController#show"]
  end

  # LDAP looks at the account while it authenticates, which is therefore done first, as Portus itself does it.
  def show
    authenticate_user! if request.headers["Authorization"]
    params[:account] = current_user ? current_user.username : nil
    super
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackTokenSubject.missing
  if missing.empty?
    Api::V2::TokensController.send(:prepend, PortusStackTokenSubject)
    $stderr.puts "portus-stack: patch token_subject is on"
  else
    $stderr.puts "portus-stack: patch token_subject does not fit this Portus: #{missing.join(", ")}"
  end
end
