# frozen_string_literal: true

# Portus 2.4 and 2.5 lets every user make application tokens for every other one, and list theirs: who makes one for the
# hidden administrator is administrator. Here it is as on Portus' own pages: everybody has to do with his own tokens, an
# administrator with those of bots too.
#
# Source: SUSE/Portus lib/api/v1/application_tokens.rb, lib/api/helpers/application_tokens.rb, app/views/admin/users/
# edit.html.slim, app/policies/application_token_policy.rb (which covers deletion only) at 2.4.0 to v2.5.

module PortusStackForeignTokens
  HELPER = "api/helpers/application_tokens"

  class << self
    def missing
      file = "#{HELPER}.rb"
      return ["lib/#{file}"] unless Rails.root.join("lib", file).file?

      require HELPER
      absent = %w[API::Helpers API::V1::ApplicationTokens User].reject(&:safe_constantize)
      return absent unless absent.empty?

      absent << "create_application_token!(user, id, params)" unless arity_of(:create_application_token!) == 3
      absent << "authorization!(force_admin:)" unless API::Helpers.method_defined?(:authorization!)
      absent
    end

    # What is given as id is compared letter by letter: no other spelling of a number passes.
    def may?(user, id)
      return true if user.id.to_s == id.to_s
      return false unless user.admin? && id.to_s =~ /\A[0-9]+\z/

      owner = User.find_by(id: id.to_s)
      owner ? owner.bot : false
    end

    def guard!
      # Methods are added, not prepended: this Ruby hands on to classes that include a module already only the former.
      API::Helpers::ApplicationTokens.module_eval do
        unless method_defined?(:portus_stack_create_application_token!)
          alias_method :portus_stack_create_application_token!, :create_application_token!
        end

        def create_application_token!(user, id, params)
          forbidden!("Authorization fails") unless PortusStackForeignTokens.may?(user, id)
          portus_stack_create_application_token!(user, id, params)
        end

        # Of the end points that have this helper, those about somebody's tokens are open to all who are signed in. The
        # one that deletes a token has the token's id, and a policy.
        def authorization!(force_admin: true)
          super
          return if force_admin || @user.nil? || request.request_method == "DELETE"

          forbidden!("Authorization fails") unless PortusStackForeignTokens.may?(@user, params[:id])
        end
      end
    end

    private

    def arity_of(name)
      helper = API::Helpers::ApplicationTokens
      helper.method_defined?(name) ? helper.instance_method(name).arity : nil
    end
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackForeignTokens.missing
  if missing.empty?
    PortusStackForeignTokens.guard!
    $stderr.puts "portus-stack: patch foreign_tokens is on"
  else
    $stderr.puts "portus-stack: patch foreign_tokens does not fit this Portus: #{missing.join(", ")}"
  end
end
