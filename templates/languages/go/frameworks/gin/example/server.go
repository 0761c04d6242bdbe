package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/service/tracing"
)

func newServer() (*http.Server, error) {
	gin.SetMode(gin.ReleaseMode) // the other one writes what is no JSON
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	tracing.Use(engine)
	addEndpoints(engine)
	return &http.Server{Addr: ":" + port, Handler: engine, ReadHeaderTimeout: 5 * time.Second}, nil
}

func addEndpoints(engine *gin.Engine) {
	engine.GET(healthPath, func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"status": "ok"})
	})
	engine.GET("/", func(c *gin.Context) {
		c.JSON(callAll(c.Request.Context(), c.GetHeader(pathHeader)))
	})
	engine.GET("/items/:id", func(c *gin.Context) {
		found, err := findItem(c.Request.Context(), c.Param("id"))
		answerOr(c, http.StatusOK, found, err)
	})
	engine.GET("/slow", func(c *gin.Context) {
		beSlow(c.Request.Context())
		c.JSON(http.StatusOK, gin.H{"seconds": slowness.Seconds()})
	})
	engine.GET("/error", func(c *gin.Context) {
		answerOr(c, http.StatusOK, nil, fail(c.Request.Context()))
	})
	engine.GET("/work", func(c *gin.Context) {
		answerOr(c, http.StatusAccepted, gin.H{"sent": true}, sendWork(c.Request.Context()))
	})
	engine.GET("/baggage", func(c *gin.Context) {
		c.JSON(http.StatusOK, incomingBaggage(c.Request.Context()))
	})
}

// answerOr answers 500 when there is an error; what c.Error takes is put onto the span.
func answerOr(c *gin.Context, status int, body any, err error) {
	if err != nil {
		_ = c.Error(err)
		status, body = http.StatusInternalServerError, gin.H{"error": err.Error()}
	}
	c.JSON(status, body)
}
