package tracing

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
)

// Use makes a span of each request, named by method and route: GET /items/:id. It goes before all other middleware,
// and takes the place of gin.Recovery().
func Use(engine *gin.Engine) {
	engine.Use(otelgin.Middleware("", otelgin.WithFilter(isTraced)), recordErrors, gin.CustomRecoveryWithWriter(nil, recovered))
}

// recordErrors puts what handlers report by c.Error onto the span.
func recordErrors(c *gin.Context) {
	c.Next()
	for _, each := range c.Errors {
		RecordError(c.Request.Context(), each.Err)
	}
}

// recovered answers a request whose handler has panicked; its error is recorded with the others.
func recovered(c *gin.Context, reason any) {
	err := fmt.Errorf("panic: %v", reason)
	slog.ErrorContext(c.Request.Context(), "failed", "error", err)
	_ = c.AbortWithError(http.StatusInternalServerError, err)
}
